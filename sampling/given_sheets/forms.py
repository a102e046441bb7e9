"""The form that hands in a sheet."""

from flask_wtf.file import FileField

from lims.forms import PageForm
from lims.i18n import gettext as _


class SheetForm(PageForm):
    """A sheet, in the field `file` of whoever names what kind it is of."""

    file: FileField

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
