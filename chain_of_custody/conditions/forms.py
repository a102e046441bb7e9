"""Forms of conditions."""

from flask_wtf.file import FileField
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from chain_of_custody.conditions.services import LogFile
from lims.forms import PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from sampling.types import StorageCondition


class LogForm(PageForm):
    """The file of a data logger."""

    file = FileField(_l("File of the data logger"))

    def validate(self, extra_validators: object = None) -> bool:
        """Something was chosen."""
        is_valid = super().validate(extra_validators)
        if not self.file.data:
            self.file.errors = [*self.file.errors, _("Choose the file: CSV, text or a workbook.")]
            return False
        return is_valid

    def log_file(self) -> LogFile:
        """What was sent. Call it on a valid form only."""
        self.file.data.seek(0)
        return LogFile(self.file.data.filename or "", self.file.data.read())


class PlaceLogForm(LogForm):
    """The file of a logger in the store, and what is kept there."""

    condition = RadioField(
        _l("What is kept here"),
        [required()],
        choices=[
            SelectChoice(StorageCondition.CHILLED.value, _l("Chilled")),
            SelectChoice(StorageCondition.FROZEN.value, _l("Frozen")),
            SelectChoice(StorageCondition.AMBIENT.value, _l("Ambient")),
        ],
        default=StorageCondition.CHILLED.value,
    )
