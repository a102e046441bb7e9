"""Working-day arithmetic, pure: days are calendar days of Asia/Shanghai, instants are aware UTC.

**Source**: domain.md §9. Day 1 is the working day after the event; a limit in natural days or months that ends on a
holiday moves to the next working day; hours run through nights and holidays.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from lims.catalog.types import ParameterUnit
from lims.clock import LOCAL_ZONE, local_date

FRIDAY = 4
MONTHS_IN_YEAR = 12

# 全国年节及纪念日放假办法 (2024): the festivals whose date needs no lunar calendar and no yearly notice.
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day, and the instant after which it is late.

    Attributes:
        on: last day, by the calendar of Asia/Shanghai.
        due_at: an act before this instant is in time; midnight at the end of `on`, or the very hour of an hour limit.
        provisional: the count used days that no holiday notice has settled yet.
    """

    on: date
    due_at: datetime
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked.

    Attributes:
        days: True for a working day; what is missing is decided by weekday and fixed-date holidays.
        horizon: last day that the holiday notices settle; beyond it every count is provisional.
    """

    days: Mapping[date, bool]
    horizon: date

    def is_workday(self, day: date) -> bool:
        """Whether `day` is worked, by the table or, outside it, by the general rule."""
        known = self.days.get(day)
        if known is not None:
            return known
        return day.weekday() <= FRIDAY and (day.month, day.day) not in FIXED_HOLIDAYS

    def is_provisional(self, day: date) -> bool:
        """Whether `day` lies beyond the notices and nobody has settled it by hand."""
        return day > self.horizon and day not in self.days

    def next_workday(self, day: date) -> date:
        """`day` itself when it is worked, else the first working day after it."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def add_working_days(self, start: date, count: int) -> Deadline:
        """The `count`-th working day after `start`; `start` itself never counts.

        Raises:
            ValueError: `count` is less than 1.
        """
        _require_positive(count)
        day = start
        provisional = False
        while count:
            day += timedelta(days=1)
            provisional = provisional or self.is_provisional(day)
            count -= self.is_workday(day)
        return Deadline(day, end_of_day(day), provisional)

    def add_natural_days(self, start: date, count: int) -> Deadline:
        """`count` days after `start`, moved to the next working day when it ends on a holiday."""
        _require_positive(count)
        return self._moved(start + timedelta(days=count))

    def add_months(self, start: date, count: int) -> Deadline:
        """The same day `count` months on, or the last day of a shorter month; moved like natural days."""
        _require_positive(count)
        year, month = divmod(start.year * MONTHS_IN_YEAR + start.month - 1 + count, MONTHS_IN_YEAR)
        last = monthrange(year, month + 1)[1]
        return self._moved(date(year, month + 1, min(start.day, last)))

    def deadline(self, started_at: datetime, count: int, unit: ParameterUnit) -> Deadline:
        """The end of a limit that began at an instant.

        Raises:
            ValueError: `unit` does not measure time, `count` is less than 1, or the instant is naive.
        """
        if started_at.tzinfo is None:
            raise ValueError(f"a limit starts at an aware instant, got {started_at.isoformat()}")
        start = local_date(started_at)
        match unit:
            case ParameterUnit.WORKING_DAY:
                return self.add_working_days(start, count)
            case ParameterUnit.NATURAL_DAY:
                return self.add_natural_days(start, count)
            case ParameterUnit.MONTH:
                return self.add_months(start, count)
            case ParameterUnit.HOUR:
                _require_positive(count)
                due_at = started_at.astimezone(UTC) + timedelta(hours=count)
                return Deadline(local_date(due_at), due_at)
            case _:
                raise ValueError(f"a deadline needs a unit of time, got {unit.value!r}")

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to and including `end`; 0 when `end` is not later."""
        span = range(1, (end - start).days + 1)
        return sum(self.is_workday(start + timedelta(days=offset)) for offset in span)

    def days_left(self, due_at: datetime, now: datetime) -> int:
        """Working days left until a limit ends, 0 on the last day; natural days since, negative, when it has passed."""
        today, last = local_date(now), last_day(due_at)
        if now >= due_at:
            return min((last - today).days, -1)
        return self.working_days_between(today, last)

    def _moved(self, day: date) -> Deadline:
        moved = self.next_workday(day)
        return Deadline(moved, end_of_day(moved), self.is_provisional(moved))


def end_of_day(day: date) -> datetime:
    """The instant at which `day` is over in Asia/Shanghai, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, LOCAL_ZONE).astimezone(UTC)


def last_day(due_at: datetime) -> date:
    """The last local day before an instant that ends a limit: midnight belongs to the day before."""
    return local_date(due_at.fromtimestamp(due_at.timestamp() - 1, due_at.tzinfo))


def _require_positive(count: int) -> None:
    if count < 1:
        raise ValueError(f"a limit is at least 1 long, got {count}")
