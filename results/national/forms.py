"""Forms of the bridge to the national system."""

from flask_wtf.file import FileField
from wtforms import TextAreaField
from wtforms.validators import Length

from lims.decisions import MAX_NOTE
from lims.forms import PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l


class ReturnForm(PageForm):
    """Why the national system gave a sample back."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_NOTE)])


class CompareForm(PageForm):
    """An export of the national system."""

    file = FileField(_l("Export of the national system"))

    def validate(self, extra_validators: object = None) -> bool:
        """Something was chosen."""
        is_valid = super().validate(extra_validators)
        if not self.file.data:
            self.file.errors = [*self.file.errors, _("Choose the export: a workbook or CSV.")]
            return False
        return is_valid
