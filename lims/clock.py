"""The one place that knows what time it is.

Nothing else reads the system clock: a use case takes its instant from `uow.now`, so the demo can live through a
month in a minute and a test can stand on a holiday.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL_ZONE = ZoneInfo("Asia/Shanghai")  # the law counts days on the wall clock of the place


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that only moves when told to; the demo and the tests drive it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a simulated clock needs an aware instant, got {start.isoformat()}")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` and return the new instant."""
        if by < timedelta(0):
            raise ValueError(f"time does not run backwards, got {by}")
        self._now += by
        return self._now

    def move_to(self, instant: datetime) -> datetime:
        """Move forward to `instant`; an instant already past leaves the clock where it is."""
        self._now = max(self._now, instant.astimezone(UTC))
        return self._now


_clock: ContextVar[Clock | None] = ContextVar("lims_clock", default=None)
_SYSTEM = SystemClock()


def now() -> datetime:
    """The present instant by the clock in use, aware and in UTC."""
    return (_clock.get() or _SYSTEM).now()


@contextmanager
def use_clock(clock: Clock) -> Iterator[Clock]:
    """Let `clock` tell the time in this context until the block ends."""
    token = _clock.set(clock)
    try:
        yield clock
    finally:
        _clock.reset(token)


def local_date(instant: datetime) -> date:
    """The calendar day of an instant on the wall clock of Asia/Shanghai."""
    return instant.astimezone(LOCAL_ZONE).date()


def local_time(instant: datetime) -> datetime:
    """The same instant as the wall clock of Asia/Shanghai shows it."""
    return instant.astimezone(LOCAL_ZONE)
