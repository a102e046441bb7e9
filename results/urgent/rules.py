"""What a finding means, in the words of the official form, and who gets a copy."""

import re
from decimal import Decimal

from lims.catalog.types import Hazard
from results.referral.types import FailedItem
from results.rules.rounding import round_to_figures

HAZARDS = {
    Hazard.ILLEGAL_ADDITIVE: "检出非食用物质，涉嫌违法添加",
    Hazard.PROHIBITED_DRUG: "检出禁用药物",
    Hazard.PATHOGEN: "检出致病菌",
}
BETWEEN = re.compile(r"[、，,；;\n]+")
FIGURES = 2


def explain(item: FailedItem) -> str:
    """What is dangerous about an item that failed: its kind, else how far it is over its maximum.

    The paper is Chinese whoever reads the page, so the words are no messages to be translated.
    """
    if item.hazard is not Hazard.NONE:
        return HAZARDS[item.hazard]
    if item.measured is None or not item.limit_max:
        return "不符合食品安全标准"
    return f"为标准值的{_plain(item.measured / item.limit_max)}倍"


def offices(text: str) -> tuple[str, ...]:
    """The offices of a typed list, each once, in its order."""
    return tuple(dict.fromkeys(part.strip() for part in BETWEEN.split(text) if part.strip()))


def with_unit(text: str, unit: str) -> str:
    """A result or a limit as the paper prints it, whose columns have none for units: `0.12 mg/kg`, but `未检出`."""
    is_bare_figure = text[-1:].isdigit() and unit and not text.endswith(unit) and "=" not in text
    return f"{text} {unit}" if is_bare_figure else text


def _plain(ratio: Decimal) -> str:
    return f"{round_to_figures(ratio, FIGURES):f}"
