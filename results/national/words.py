"""Words of the bridge to the national system."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.national.types import DifferenceKind, ReportingState

STATES: dict[ReportingState, LazyString] = {
    ReportingState.NOT_REPORTED: _l("Not reported"),
    ReportingState.REPORTED: _l("Reported"),
    ReportingState.RETURNED: _l("Given back"),
    ReportingState.CORRECTED: _l("Changed since"),
}
KINDS: dict[DifferenceKind, LazyString] = {
    DifferenceKind.DIFFERS: _l("Differs"),
    DifferenceKind.MISSING_HERE: _l("Missing here"),
    DifferenceKind.MISSING_THERE: _l("Missing there"),
}
