"""What is filled in to hand in a limit table."""

from datetime import date

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.services import MAX_FILE_NAME

SHORT, LONG = Length(max=200), Length(max=1000)


class TableForm(PageForm):
    """A file, and the first production date its limits are to hold for."""

    file = FileField(_l("CSV or XLSX file"), [FileRequired(_l("Choose a file."))])
    valid_from = DateField(_l("Produced from"), [required()])

    @property
    def day(self) -> date:
        """The first production date."""
        assert self.valid_from.data is not None  # noqa: S101 - required
        return self.valid_from.data


class ViewedForm(PageForm):
    """What stands in the address of a preview."""

    class Meta(PageForm.Meta):
        """A look changes nothing, so its address can be passed on."""

        csrf = False

    valid_from = DateField(_l("Produced from"), [required()])
    name = StringField(_l("File"), [Optional(), Length(max=MAX_FILE_NAME)])


class SendForm(PageForm):
    """Why the table that was looked at is to be put in force."""

    source = StringField(_l("Source"), [required(), LONG])
    reason = TextAreaField(_l("Why"), [required(), LONG])
    seen = HiddenField()  # digest of the preview above the form
