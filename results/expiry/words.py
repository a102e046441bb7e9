"""Words of the expiry board."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.expiry.types import Blocks, ExpiryKind, ExpiryState

KINDS: dict[ExpiryKind, LazyString] = {
    ExpiryKind.PERSON: _l("Person"),
    ExpiryKind.INSTRUMENT: _l("Instrument"),
    ExpiryKind.MATERIAL: _l("Material"),
    ExpiryKind.METHOD: _l("Method"),
    ExpiryKind.SCOPE: _l("Accreditation"),
}
STATES: dict[ExpiryState, LazyString] = {
    ExpiryState.ENDED: _l("Ended"),
    ExpiryState.SOON: _l("Ends soon"),
    ExpiryState.LATER: _l("In force"),
}
BLOCKS: dict[Blocks, LazyString] = {
    Blocks.SIGNING: _l("signing reports"),
    Blocks.SAMPLING: _l("taking samples"),
    Blocks.TESTING: _l("testing and reviewing"),
    Blocks.CUSTODY: _l("receiving and coding samples"),
    Blocks.RELEASE: _l("results from its readings without a person's release"),
    Blocks.MEASURING: _l("readings with it without a person's release"),
    Blocks.BATCHES: _l("its use in a batch"),
    Blocks.METHOD: _l("testing by this edition"),
    Blocks.MARK: _l("the mark on reports"),
    Blocks.RECHECKS: _l("being drawn for rechecks"),
}
