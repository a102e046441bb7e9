"""Words of the national system's tasks."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.national_tasks.types import TaskVerdict

VERDICTS: dict[TaskVerdict, LazyString] = {
    TaskVerdict.NEW: _l("New"),
    TaskVerdict.TAKEN: _l("Held already"),
    TaskVerdict.AMENDED: _l("Changed there"),
    TaskVerdict.DIFFERS: _l("Differs"),
    TaskVerdict.UNREADABLE: _l("Not readable"),
}
# In the order of `Progress.steps`.
STEPS: tuple[LazyString, ...] = (
    _l("Report signed"),
    _l("Tested"),
    _l("Received"),
    _l("Sampled"),
    _l("Assigned"),
    _l("Not assigned"),
)
