"""How a result must be written: the format rule of the national base table, as a typed value."""

import re
from dataclasses import dataclass
from decimal import Decimal

from lims.quantities import N_, QuantityError, fold, read_number

_BAND = re.compile(r"(?P<range>[^,;]*?)保留(?:至)?(?P<digits>.{1,4}?)位(?P<kind>有效数字|小数)")
_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
_ENDS = (
    (r"大于等于|大于或等于|不小于|≥", "low", False),
    (r"小于等于|小于或等于|不大于|≤", "high", False),
    (r"大于|>", "low", True),
    (r"小于|<", "high", True),
)
_COMPARISON = re.compile("|".join(f"(?P<{side}_{int(strict)}>{words})" for words, side, strict in _ENDS))


@dataclass(frozen=True, slots=True)
class Band:
    """Values from low to high are written with so many significant figures, or so many decimals."""

    digits: int
    are_decimals: bool = False
    low: Decimal | None = None
    high: Decimal | None = None
    low_strict: bool = False
    high_strict: bool = False

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies in this band."""
        above = self.low is None or value > self.low or (value == self.low and not self.low_strict)
        below = self.high is None or value < self.high or (value == self.high and not self.high_strict)
        return above and below


@dataclass(frozen=True, slots=True)
class ReportingRule:
    """All bands of a method row; the first that holds a value decides."""

    bands: tuple[Band, ...]

    def band_of(self, value: Decimal) -> Band | None:
        """The band that holds a value, or None where the rule says nothing about it."""
        return next((band for band in self.bands if band.holds(value)), None)


def parse_reporting_rule(text: str) -> ReportingRule:
    """Read a format rule: `未检出,数值(大于等于0.02且小于等于1保留两位有效数字,大于1保留三位有效数字)`.

    Raises:
        QuantityError: no band, or one that cannot be read.

    Source: national base table, column 检验结果 (domain.md §4.2).
    """
    folded = fold(text)
    opening = folded.find("数值(")
    body = folded[opening + 3 :] if opening >= 0 else folded
    bands = tuple(_read_band(found, text) for found in _BAND.finditer(body))
    if not bands:
        raise _unreadable(text)
    return ReportingRule(bands)


def _read_band(found: re.Match[str], text: str) -> Band:
    digits = found["digits"].strip()
    count = _NUMERALS.get(digits) or (int(digits) if digits.isdecimal() else None)
    if count is None:
        raise _unreadable(text)
    ends: dict[str, tuple[Decimal, bool]] = {}
    for end in _COMPARISON.finditer(found["range"]):
        side, strict = str(end.lastgroup).split("_")
        read = read_number(found["range"][end.end() :].strip())
        if read is None or side in ends:
            raise _unreadable(text)
        ends[side] = (read.value, strict == "1")
    low, low_strict = ends.get("low", (None, False))
    high, high_strict = ends.get("high", (None, False))
    return Band(count, found["kind"] == "小数", low, high, low_strict, high_strict)


def _unreadable(text: str) -> QuantityError:
    return QuantityError(
        "reporting_rule",
        N_("“%(text)s” is no rule for digits; expected such as 大于等于0.02保留两位有效数字."),
        text=text[:60],
    )
