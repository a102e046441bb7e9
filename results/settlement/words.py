"""How the pages of settlements name what decided about the money of a sample."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.settlement.types import LineKind

KINDS: dict[LineKind, LazyString] = {
    LineKind.TESTED: _l("Tested in time"),
    LineKind.LATE: _l("Reported late"),
    LineKind.OVERTURNED: _l("Overturned by the recheck"),
    LineKind.REFUSED: _l("Refused at reception"),
    LineKind.NOT_TESTED: _l("Not tested"),
}
