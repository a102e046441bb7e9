"""How long a portion is kept, and what a count of the store finds, as decisions on plain values."""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping
from datetime import date, timedelta

from chain_of_custody.keeping.types import DifferenceKind, Hold, KeepingState

MONTHS_IN_YEAR = 12
LONGEST_YEARS = 100  # a longer "shelf life" is a slip of the pen
# As labels write it: 12个月, 十二 is written in figures there, 18 months, 常温7天, 2年, 45日.
SHELF_LIFE = re.compile(r"(\d{1,4})\s*(个月|月|年|周|天|日|小时|months?|years?|weeks?|days?|hours?)", re.IGNORECASE)
MONTHS = {"个月": 1, "月": 1, "month": 1, "年": MONTHS_IN_YEAR, "year": MONTHS_IN_YEAR}
DAYS = {"周": 7, "week": 7, "天": 1, "日": 1, "day": 1}
HOURS_IN_DAY = 24


def shelf_life_end(made_on: date, written: str | None) -> date | None:
    """The last day of a shelf life as a label writes it; None where it cannot be read, so that nothing is cut short.

    Where a label gives several (常温7天，冷藏15天) the longest stands: a portion is rather kept too long than not long
    enough.

    Args:
        made_on: day of production, processing or purchase, as the sampling form says.
        written: such as `12个月`, `7天`, `18 months`.
    """
    ends = []
    for count, unit in SHELF_LIFE.findall(written or ""):
        name = unit.lower().rstrip("s")
        if name in MONTHS:
            ends.append(_months_on(made_on, int(count) * MONTHS[name]))
        else:
            days = int(count) * DAYS[name] if name in DAYS else -(-int(count) // HOURS_IN_DAY)
            ends.append(made_on + timedelta(days=days))
    known = [end for end in ends if end is not None]
    return max(known, default=None)


def _months_on(start: date, count: int) -> date | None:
    if count > LONGEST_YEARS * MONTHS_IN_YEAR:
        return None
    year, month = divmod(start.year * MONTHS_IN_YEAR + start.month - 1 + count, MONTHS_IN_YEAR)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def keep_until(period_ends_on: date, shelf_life_until: date | None) -> date:
    """The last day on which a backup portion is kept.

    Args:
        period_ends_on: end of the three or six months from the conclusion.
        shelf_life_until: last day of the shelf life; None where there is none, or it could not be read.

    **Source:** Measures Art. 25: three months after a pass, six after a fail, or to the end of the shelf life where
    less than that is left of it.
    """
    return period_ends_on if shelf_life_until is None else min(period_ends_on, shelf_life_until)


def keeping_state(
    today: date, until: date | None, dispose_by: date | None, holds: Collection[Hold], *, is_proposed: bool
) -> KeepingState:
    """Where the clock stands: a hold comes before everything, and a period ends with its last day."""
    if holds:
        return KeepingState.HELD
    if is_proposed:
        return KeepingState.PROPOSED
    if until is None:
        return KeepingState.WAITING
    if today <= until:
        return KeepingState.RUNNING
    return KeepingState.OVERDUE if dispose_by is not None and today > dispose_by else KeepingState.DUE


def compare_stock(
    expected: Collection[str], scanned: Collection[str], kept_elsewhere: Collection[str]
) -> Mapping[str, DifferenceKind]:
    """Hold what was scanned in a place against what is known to stand there; only the differences are told.

    Args:
        expected: numbers of the portions that stand there as far as the program knows.
        scanned: what the custodian scanned.
        kept_elsewhere: numbers that the laboratory keeps, in another place or in none.
    """
    here, seen = set(expected), set(scanned)
    differences = dict.fromkeys(sorted(here - seen), DifferenceKind.MISSING)
    for number in sorted(seen - here):
        known = number in kept_elsewhere
        differences[number] = DifferenceKind.ELSEWHERE if known else DifferenceKind.UNEXPECTED
    return differences
