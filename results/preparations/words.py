"""Words of preparations."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.preparations.types import ParentKind, PreparationKind

KINDS: dict[PreparationKind, LazyString] = {
    PreparationKind.HOMOGENATE: _l("Homogenate"),
    PreparationKind.STANDARD: _l("Standard solution"),
    PreparationKind.SOLUTION: _l("Reagent solution"),
}
PARENTS: dict[ParentKind, LazyString] = {
    ParentKind.PREPARATION: _l("Preparation"),
    ParentKind.REAGENT_LOT: _l("Reagent lot"),
    ParentKind.CONTROL_LOT: _l("Control material"),
}
