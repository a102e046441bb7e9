"""Words of nonconforming work."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.nonconforming.types import Impact, NonconformityState, Source, Step

SOURCES: dict[Source, LazyString] = {
    Source.QUALITY_CONTROL: _l("Quality control"),
    Source.BLIND_CHECK: _l("Blind check"),
    Source.INSTRUMENT: _l("Instrument"),
    Source.ENVIRONMENT: _l("Environment"),
    Source.AUDIT: _l("Audit"),
    Source.COMPLAINT: _l("Complaint"),
    Source.OTHER: _l("Other"),
}
STATES: dict[NonconformityState, LazyString] = {
    NonconformityState.RAISED: _l("Cause is sought"),
    NonconformityState.PLANNED: _l("Action planned"),
    NonconformityState.CARRIED_OUT: _l("Waits for its check"),
    NonconformityState.CLOSED: _l("Closed"),
    NonconformityState.DISMISSED: _l("Dismissed"),
}
STEPS: dict[Step, LazyString] = {
    Step.RAISED: _l("Raised"),
    Step.PLANNED: _l("Cause and action"),
    Step.CARRIED_OUT: _l("Carried out"),
    Step.EFFECTIVE: _l("Found effective"),
    Step.INEFFECTIVE: _l("Found ineffective"),
    Step.DISMISSED: _l("Dismissed"),
}
IMPACTS: dict[Impact, LazyString] = {
    Impact.NONE: _l("The report stands"),
    Impact.AMEND: _l("The report is amended"),
    Impact.WITHDRAW: _l("The report is withdrawn"),
}
