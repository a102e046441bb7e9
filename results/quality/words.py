"""Words in which pages and refusals speak of quality control."""

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.quality.types import LotKind, QcOutcome, QcRule, SlotKind, WestgardRule

SLOT_KINDS: dict[SlotKind, LazyString] = {
    SlotKind.SAMPLE: _l("Sample"),
    SlotKind.BLANK: _l("Blank"),
    SlotKind.CONTROL: _l("Control sample"),
    SlotKind.REFERENCE: _l("Certified reference material"),
    SlotKind.DUPLICATE: _l("Duplicate"),
    SlotKind.SPIKE: _l("Spiked sample"),
}
LOT_KINDS: dict[LotKind, LazyString] = {
    LotKind.CONTROL: _l("Control sample"),
    LotKind.REFERENCE: _l("Certified reference material"),
}
OUTCOMES: dict[QcOutcome, LazyString] = {
    QcOutcome.IN_CONTROL: _l("In control"),
    QcOutcome.WARNING: _l("Warning"),
    QcOutcome.REJECTED: _l("Out of control"),
}
RULES: dict[str, LazyString] = {
    QcRule.BLANK_LIMIT: _l("the blank holds more than the method can see"),
    QcRule.CERTIFIED_RANGE: _l("outside the bounds of the certificate"),
    QcRule.RELATIVE_DIFFERENCE: _l("the two portions differ too much"),
    QcRule.RECOVERY: _l("recovery outside its bounds"),
    QcRule.NOT_MEASURED: _l("not measured"),
    QcRule.NO_FIGURE: _l("no figure that can be compared"),
    WestgardRule.ONE_2S: _l("1-2s: more than 2 standard deviations from the target"),
    WestgardRule.ONE_3S: _l("1-3s: more than 3 standard deviations from the target"),
    WestgardRule.TWO_2S: _l("2-2s: two in a row more than 2 standard deviations on one side"),
    WestgardRule.RANGE_4S: _l("R-4s: in one run one more than 2 above and one more than 2 below"),
    WestgardRule.FOUR_1S: _l("4-1s: four in a row more than 1 standard deviation on one side"),
    WestgardRule.TEN_X: _l("10-x: ten in a row on one side of the target"),
}
SHORT_RULES: dict[str, LazyString] = {
    QcRule.BLANK_LIMIT: _l("blank"),
    QcRule.CERTIFIED_RANGE: _l("certificate"),
    QcRule.RELATIVE_DIFFERENCE: _l("difference"),
    QcRule.RECOVERY: _l("recovery"),
    QcRule.NOT_MEASURED: _l("not measured"),
    QcRule.NO_FIGURE: _l("no figure"),
}


def rule_name(rule: str) -> str:
    """A rule as charts mark it: `1-3s`, or a word."""
    return str(SHORT_RULES[rule]) if rule in SHORT_RULES else rule.replace("_", "-")
