"""The demonstration: a month of a fictional county, lived through by the real services on a simulated clock.

Packages bring chapters. A chapter does not write rows: it schedules acts (`World.at`) and answers what others did
(`World.on`), as people would; the world lets time pass and carries out one act after the other, each as the person who
does it. The same seed gives the same county.
"""

import heapq
import itertools
import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from lims import clock
from lims.actors import Actor
from lims.db import db
from lims.outbox.tasks import drain, periodic_tasks, run_periodic
from lims.people.models import Account
from lims.people.queries import actor_for, employment_of_person
from lims.uow import UnitOfWork, unit_of_work

Act = Callable[[], None]
Chapter = Callable[["World"], None]
Progress = Callable[[datetime], None]

DAILY_HOUR = time(6, 0)  # when the world runs what beat would have run over night


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """Somebody of the county with an account to log in with."""

    key: str
    person_id: UUID
    account_id: UUID
    username: str
    organisation_key: str
    what_zh: str
    what_en: str


@dataclass
class World:
    """The county while its month is being lived.

    Attributes:
        rng: the only source of chance; seeded.
        begins_on, today: first and last day of the month that is lived; tasks may be planned beyond `today`.
        organisations: ids by key (`regulator`, `lab_city`, ...).
        inhabitants: people by key (`sampler_1`, `custodian_city`, ...).
        notes: what chapters tell each other, by name.
    """

    rng: random.Random
    clock: clock.SimulatedClock
    begins_on: date
    today: date
    organisations: dict[str, UUID] = field(default_factory=dict)
    inhabitants: dict[str, Inhabitant] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    _agenda: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _answers: dict[str, list[Callable[[Any], None]]] = field(default_factory=lambda: defaultdict(list))
    _actors: dict[tuple[str, date], Actor] = field(default_factory=dict)

    def at(self, instant: datetime, act: Act) -> None:
        """Have `act` done at `instant`; an instant that is past is done next."""
        heapq.heappush(self._agenda, (max(instant, self.clock.now()), next(self._order), act))

    def on_day(self, day: date, hour: int, minute: int, act: Act) -> None:
        """Have `act` done on a day at a local time."""
        self.at(datetime.combine(day, time(hour, minute), clock.LOCAL_ZONE), act)

    def later(self, delay: timedelta, act: Act) -> None:
        """Have `act` done after `delay` from now."""
        self.at(self.clock.now() + delay, act)

    def on(self, topic: str, answer: Callable[[Any], None]) -> None:
        """Call `answer` whenever somebody tells `topic`."""
        self._answers[topic].append(answer)

    def tell(self, topic: str, what: Any) -> None:
        """Tell everybody who listens that something happened: `sample_taken`, `sample_received`, ..."""
        for answer in self._answers[topic]:
            answer(what)

    def actor(self, key: str) -> Actor:
        """The inhabitant as an actor of today."""
        today = clock.local_date(self.clock.now())
        if (key, today) not in self._actors:
            inhabitant = self.inhabitants[key]
            with db.new_session() as session:
                account = session.get_one(Account, inhabitant.account_id)
                employment = employment_of_person(session, inhabitant.person_id, today)
                self._actors[key, today] = actor_for(session, account, employment.employment_id, today)
        return self._actors[key, today]

    @contextmanager
    def acting(self, key: str, reason: str | None = None) -> Iterator[UnitOfWork]:
        """A unit of work of one inhabitant."""
        with unit_of_work(self.actor(key), reason=reason) as uow:
            yield uow

    def who(self, person_id: UUID) -> str:
        """The key of a person."""
        return next(one.key for one in self.inhabitants.values() if one.person_id == person_id)

    def live(self, progress: Progress) -> int:
        """Let time pass until the evening of `today`; returns how many acts were done.

        What is planned beyond stays undone. Once a day the periodic work of the background runs.
        """
        end = datetime.combine(self.today, time(18, 0), clock.LOCAL_ZONE)
        done, last_day = 0, None
        while self._agenda and self._agenda[0][0] <= end:
            instant, _order, act = heapq.heappop(self._agenda)
            day = clock.local_date(instant)
            if day != last_day:
                self._pass_night(day)
                last_day = day
                progress(self.clock.now())
            self.clock.move_to(instant)
            act()
            done += 1
        self.clock.move_to(end)
        drain()
        return done

    def _pass_night(self, day: date) -> None:
        self.clock.move_to(datetime.combine(day, DAILY_HOUR, clock.LOCAL_ZONE))
        drain()
        for periodic in periodic_tasks():
            run_periodic(periodic.name)


@contextmanager
def reproducible_ids(rng: random.Random) -> Iterator[None]:
    """Let `uuid4` draw from `rng` until the block ends.

    Draws depend on the ids of businesses and people, so without this the same seed would send others elsewhere. Only
    what the module `uuid` sees of the operating system is exchanged: passwords, salts and blind codes stay random.
    """
    genuine = vars(uuid)["os"]
    vars(uuid)["os"] = SimpleNamespace(urandom=rng.randbytes)
    try:
        yield
    finally:
        vars(uuid)["os"] = genuine


_chapters: dict[str, tuple[int, Chapter]] = {}


def register_chapter(name: str, order: int, chapter: Chapter) -> None:
    """Add a package's chapter; `order` follows the path of a sample (people 0, votes 10, plan 20 ... referral 60)."""
    _chapters[name] = (order, chapter)


def chapters() -> list[tuple[str, Chapter]]:
    """All chapters in the order they begin."""
    ordered = sorted(_chapters.items(), key=lambda item: (item[1][0], item[0]))
    return [(name, chapter) for name, (_order, chapter) in ordered]
