"""The demonstration: a month of a fictional county, lived through by the real services on a simulated clock.

Packages bring chapters. A chapter does not write rows: it schedules acts (`World.at`) and answers what others did
(`World.on`), as people would; the world lets time pass and carries out one act after the other, each as the person who
does it. The same seed gives the same county.

Facts flow one way, from the vote to the publication, so the county has two parts that may be lived in two processes:
the upstream part goes ahead and sends what it tells downstream together with its instant; the downstream part follows,
never past the instant that the other has reached. Each part has its own chance, its own ids and its own order of acts,
so one process and two give the same county.
"""

import heapq
import itertools
import multiprocessing
import random
import traceback
import uuid
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import partial
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from lims import clock
from lims.actors import Actor
from lims.db import db
from lims.outbox.tasks import drain, periodic_tasks, run_periodic
from lims.people.models import Account
from lims.people.queries import actor_in, employment_of_person
from lims.uow import UnitOfWork, unit_of_work

Act = Callable[[], None]
Chapter = Callable[["World"], None]
Progress = Callable[[datetime], None]

DAILY_HOUR = time(6, 0)  # when the world runs what beat would have run over night
EVENING = time(18, 0)  # when its last day is over
GRACE_SECONDS = 10  # for the other process to end when it is told to


class Part(Enum):
    """Where a chapter lives: up to the blind code, or from the bench on."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Rank(Enum):
    """What comes first of acts at the same instant; the same however many processes live the county."""

    UPSTREAM = 0
    TOLD = 1
    DOWNSTREAM = 2


class Planned(NamedTuple):
    """An act on the agenda, in the order in which acts are done."""

    instant: datetime
    rank: int
    order: int
    part: Part
    act: Act


@dataclass(frozen=True, slots=True)
class Told:
    """What the upstream part sends: the instant it has reached, and what happened then if anybody listens."""

    instant: datetime
    topic: str | None = None
    what: Any = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last thing the upstream part sends: that its month is over, or what broke it off."""

    failure: str | None = None


class BrokenOffError(RuntimeError):
    """The process that lives the upstream part did not come to the end of its month."""


def _streams(rng: random.Random) -> dict[Part, random.Random]:
    """A stream of chance for each part; the upstream one is `rng` itself."""
    downstream = random.Random(copy(rng).getrandbits(64))
    return {Part.UPSTREAM: rng, Part.DOWNSTREAM: downstream}


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
        chance: the seeded generator that `rng` derives from.
        begins_on, today: first and last day of the month that is lived; tasks may be planned beyond `today`.
        organisations: ids by key (`regulator`, `lab_city`, ...).
        inhabitants: people by key (`sampler_1`, `custodian_city`, ...).
        notes: what chapters of the same part tell each other, by name.
        part: whose act is being done; what that act plans or listens to belongs to the same part.
    """

    chance: random.Random
    clock: clock.SimulatedClock
    begins_on: date
    today: date
    organisations: dict[str, UUID] = field(default_factory=dict)
    inhabitants: dict[str, Inhabitant] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    part: Part = Part.UPSTREAM
    _agenda: list[Planned] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _answers: dict[tuple[str, Part], list[Callable[[Any], None]]] = field(default_factory=lambda: defaultdict(list))
    _actors: dict[tuple[str, date], Actor] = field(default_factory=dict)
    _streams: dict[Part, random.Random] = field(init=False)
    _ahead: "_Ahead | None" = None
    _outlet: Connection | None = None

    def __post_init__(self) -> None:
        self._streams = _streams(self.chance)

    @property
    def rng(self) -> random.Random:
        """The only source of chance; seeded, and each part's own."""
        return self._streams[self.part]

    @contextmanager
    def reproducible_ids(self, ids: random.Random) -> Iterator[None]:
        """Let `uuid4` draw from `ids` until the block ends, each part from a stream of its own."""
        streams = _streams(ids)

        def draw(size: int) -> bytes:
            return streams[self.part].randbytes(size)

        with reproducible_ids(draw):
            yield

    def begin(self) -> None:
        """Let every chapter plan what it begins with."""
        for chapter in chapters():
            self.part = chapter.part
            chapter.live(self)

    def at(self, instant: datetime, act: Act) -> None:
        """Have `act` done at `instant`; an instant that is past is done next."""
        rank = Rank.UPSTREAM if self.part is Part.UPSTREAM else Rank.DOWNSTREAM
        self._plan(max(instant, self.clock.now()), rank, self.part, act)

    def on_day(self, day: date, hour: int, minute: int, act: Act) -> None:
        """Have `act` done on a day at a local time."""
        self.at(datetime.combine(day, time(hour, minute), clock.LOCAL_ZONE), act)

    def later(self, delay: timedelta, act: Act) -> None:
        """Have `act` done after `delay` from now."""
        self.at(self.clock.now() + delay, act)

    def on(self, topic: str, answer: Callable[[Any], None]) -> None:
        """Call `answer` whenever somebody tells `topic`."""
        self._answers[topic, self.part].append(answer)

    def tell(self, topic: str, what: Any) -> None:
        """Tell everybody who listens that something happened: `sample_taken`, `sample_received`, ...

        Raises:
            RuntimeError: somebody upstream listens to what is told downstream.
        """
        for answer in self._answers[topic, self.part]:
            answer(what)
        other = Part.DOWNSTREAM if self.part is Part.UPSTREAM else Part.UPSTREAM
        if not self._answers[topic, other]:
            return
        if other is Part.UPSTREAM:
            raise RuntimeError(f"facts flow one way: nobody upstream may wait for {topic!r}")
        told = Told(self.clock.now(), topic, what)
        if self._outlet is not None:
            self._outlet.send(told)
        else:
            self._hear(told)

    def _hear(self, told: Told) -> None:
        """Have the downstream part answer at the instant at which it was told."""

        def answer_all() -> None:
            for answer in self._answers[str(told.topic), Part.DOWNSTREAM]:
                answer(told.what)

        self._plan(told.instant, Rank.TOLD, Part.DOWNSTREAM, answer_all)

    def _plan(self, instant: datetime, rank: Rank, part: Part, act: Act) -> None:
        heapq.heappush(self._agenda, Planned(instant, rank.value, next(self._order), part, act))

    def actor(self, key: str) -> Actor:
        """The inhabitant as an actor of today."""
        today = clock.local_date(self.clock.now())
        if (key, today) not in self._actors:
            inhabitant = self.inhabitants[key]
            with db.new_session() as session:
                account = session.get_one(Account, inhabitant.account_id)
                employment = employment_of_person(session, inhabitant.person_id, today)
                self._actors[key, today] = actor_in(account, employment)
        return self._actors[key, today]

    @contextmanager
    def acting(self, key: str, reason: str | None = None) -> Iterator[UnitOfWork]:
        """A unit of work of one inhabitant."""
        with unit_of_work(self.actor(key), reason=reason) as uow:
            yield uow

    def who(self, person_id: UUID) -> str:
        """The key of a person."""
        return next(one.key for one in self.inhabitants.values() if one.person_id == person_id)

    def live(self, progress: Progress) -> None:
        """Let time pass until the evening of `today`, all in this process; what is planned beyond stays undone."""
        self._plan_nights(progress)
        self._pass_time(self._evening)
        self._end()

    def live_in_two(self, progress: Progress) -> None:
        """The same with the upstream part in a process of its own, for a machine with two cores.

        What chapters planned for the first instant is done before the two part: each may stand on all of it.

        Raises:
            BrokenOffError: the upstream part failed; its traceback is the message.
        """
        self._plan_nights(progress)
        self._pass_time(self.clock.now())
        db.engine.dispose()  # no connection may be held by both
        context = multiprocessing.get_context("fork")
        receiving, sending = context.Pipe(duplex=False)
        upstream = context.Process(target=self._live_upstream, args=(receiving, sending), daemon=True)
        with warnings.catch_warnings():
            # Threads of the type-setter, if a paper was laid out before, stay behind; upstream lays out none.
            warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
            upstream.start()
        sending.close()  # so that the end of the other is heard here
        try:
            self._keep(Part.DOWNSTREAM)
            self._ahead = _Ahead(receiving, self.clock.now(), self._hear)
            self._pass_time(self._evening)
            self._end()
        finally:
            upstream.terminate()
            upstream.join(GRACE_SECONDS)
            receiving.close()

    def _live_upstream(self, receiving: Connection, sending: Connection) -> None:
        """What the other process does."""
        receiving.close()
        self._keep(Part.UPSTREAM)
        self._outlet = sending
        # Ctrl-C reaches both; and whoever no longer listens has said why already.
        with suppress(KeyboardInterrupt, BrokenPipeError):
            try:
                self._pass_time(self._evening)
                sending.send(Ended())
            except Exception:  # noqa: BLE001 - whatever it was, it is told where it is shown
                sending.send(Ended(traceback.format_exc()))

    def _keep(self, part: Part) -> None:
        self._agenda = [planned for planned in self._agenda if planned.part is part]
        heapq.heapify(self._agenda)

    @property
    def _evening(self) -> datetime:
        return datetime.combine(self.today, EVENING, clock.LOCAL_ZONE)

    def _pass_time(self, until: datetime) -> None:
        """Do one act after the other, up to those of the instant `until`."""
        while (planned := self._next()) is not None and planned.instant <= until:
            heapq.heappop(self._agenda)
            if self._outlet is not None and planned.instant > self.clock.now():
                self._outlet.send(Told(planned.instant))
            self.clock.move_to(planned.instant)
            self.part = planned.part
            planned.act()

    def _next(self) -> Planned | None:
        """The next act, once it is certain that nothing can come before it."""
        while self._ahead is not None and self._ahead.may_tell_before(self._agenda[0] if self._agenda else None):
            self._ahead.listen()
        return self._agenda[0] if self._agenda else None

    def _end(self) -> None:
        self.part = Part.DOWNSTREAM
        self.clock.move_to(self._evening)
        drain()

    def _plan_nights(self, progress: Progress) -> None:
        """Once a day each part does its share of what the background does; messages go out downstream."""

        def pass_night(part: Part) -> None:
            if part is Part.DOWNSTREAM:
                progress(self.clock.now())
                drain()
            for periodic in periodic_tasks():
                if _part_of(periodic.name) is part:
                    run_periodic(periodic.name)

        days = (self.today - clock.local_date(self.clock.now())).days
        for part in Part:
            self.part = part
            for day in (self.today - timedelta(days=before) for before in range(days)):
                self.at(datetime.combine(day, DAILY_HOUR, clock.LOCAL_ZONE), partial(pass_night, part))


class _Ahead:
    """The other end of the pipe: the part that goes ahead, as the part that follows knows it."""

    def __init__(self, pipe: Connection, reached: datetime, hear: Callable[[Told], None]) -> None:
        self._pipe = pipe
        self._reached = reached
        self._hear = hear
        self._has_ended = False

    def may_tell_before(self, planned: Planned | None) -> bool:
        """Whether something may still come that belongs before `planned`; or something has come already."""
        if self._has_ended:
            return False
        # Listening whenever there is something keeps the pipe empty, so the other never waits for us.
        return planned is None or planned.instant >= self._reached or self._pipe.poll()

    def listen(self) -> None:
        """Wait for the next thing that is told.

        Raises:
            BrokenOffError: the other failed, or is gone without a word.
        """
        try:
            said = self._pipe.recv()
        except EOFError:
            raise BrokenOffError("the upstream part of the county is gone before the end of its month") from None
        match said:
            case Ended(failure=None):
                self._has_ended = True
            case Ended(failure=failure):
                raise BrokenOffError(failure)
            case Told():
                self._reached = said.instant
                if said.topic is not None:
                    self._hear(said)


@contextmanager
def reproducible_ids(randbytes: Callable[[int], bytes]) -> Iterator[None]:
    """Let `uuid4` draw from `randbytes` until the block ends.

    Draws depend on the ids of businesses and people, so without this the same seed would send others elsewhere. Only
    what the module `uuid` sees of the operating system is exchanged: passwords, salts and blind codes stay random.
    """
    genuine = vars(uuid)["os"]
    vars(uuid)["os"] = SimpleNamespace(urandom=randbytes)
    try:
        yield
    finally:
        vars(uuid)["os"] = genuine


@dataclass(frozen=True, slots=True)
class RegisteredChapter:
    """A package's chapter, its place on the path of a sample, and the part it is lived in."""

    name: str
    order: int
    live: Chapter
    part: Part


_chapters: dict[str, RegisteredChapter] = {}


def register_chapter(name: str, order: int, chapter: Chapter, part: Part = Part.UPSTREAM) -> None:
    """Add a package's chapter; `order` follows the path of a sample (people 0, votes 10, plan 20 ... referral 60)."""
    _chapters[name] = RegisteredChapter(name, order, chapter, part)


def chapters() -> list[RegisteredChapter]:
    """All chapters in the order they begin."""
    return sorted(_chapters.values(), key=lambda chapter: (chapter.order, chapter.name))


def _part_of(periodic: str) -> Part:
    """The part that does the periodic work of a package: its chapter's.

    What belongs to no chapter, as the sealing of the ledger, is done upstream: no head is then older than its events.
    """
    chapter = _chapters.get(periodic.split(".", 1)[0])
    return Part.UPSTREAM if chapter is None else chapter.part
