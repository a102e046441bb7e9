"""Forms of number blocks."""

from flask_wtf.file import FileField
from wtforms import TextAreaField
from wtforms.validators import Length

from lims.decisions import MAX_NOTE
from lims.forms import PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l


class BlockFileForm(PageForm):
    """A sheet of number blocks."""

    file = FileField(_l("Sheet of number blocks"))

    def validate(self, extra_validators: object = None) -> bool:
        """Something was chosen."""
        is_valid = super().validate(extra_validators)
        if not self.file.data:
            self.file.errors = [*self.file.errors, _("Choose the sheet: a workbook, CSV or text.")]
            return False
        return is_valid

    def content(self) -> tuple[str, bytes]:
        """Name and bytes of what was sent. Call it on a valid form only."""
        self.file.data.seek(0)
        return self.file.data.filename or "", self.file.data.read()


class CloseBlockForm(PageForm):
    """Why no further number is leased from a block."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_NOTE)])
