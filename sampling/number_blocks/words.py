"""Words of number blocks."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.number_blocks.types import BlockVerdict

VERDICTS: dict[BlockVerdict, LazyString] = {
    BlockVerdict.NEW: _l("New"),
    BlockVerdict.SAME: _l("Held already"),
    BlockVerdict.OVERLAPS: _l("Overlaps"),
    BlockVerdict.UNREADABLE: _l("Not readable"),
}
