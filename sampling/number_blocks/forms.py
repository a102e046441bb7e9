"""Forms of number blocks."""

from flask_wtf.file import FileField
from wtforms import TextAreaField
from wtforms.validators import Length

from lims.decisions import MAX_NOTE
from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l
from sampling.given_sheets.forms import SheetForm


class BlockFileForm(SheetForm):
    """A sheet of number blocks."""

    file = FileField(_l("Sheet of number blocks"))


class CloseBlockForm(PageForm):
    """Why no further number is leased from a block."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_NOTE)])
