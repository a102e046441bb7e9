"""The world of the demonstration: two processes live what one would have lived."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from lims import clock
from lims.cluster import Urls
from lims.demo import BrokenOffError, Part, World

BEGIN = datetime(2026, 9, 14, 1, tzinfo=UTC)


@pytest.fixture
def world(committed_database: Urls) -> Iterator[World]:
    simulated = clock.SimulatedClock(BEGIN)
    world = World(random.Random(7), simulated, date(2026, 9, 14), date(2026, 9, 16))
    with clock.use_clock(simulated), world.reproducible_ids(random.Random(8)):
        yield world


def _answer(world: World, heard: list[tuple[str, datetime, UUID, float]]) -> None:
    """A vote every five hours; the bench answers at once, two hours later, and goes its own rounds every hour."""
    world.part = Part.UPSTREAM

    def happen() -> None:
        world.tell("happened", (uuid4(), world.rng.random()))
        world.later(timedelta(hours=5), happen)

    world.later(timedelta(hours=1), happen)
    world.part = Part.DOWNSTREAM

    def note(what: str, told: tuple[UUID, float] | None = None) -> None:
        one, chance = told or (uuid4(), world.rng.random())
        heard.append((what, world.clock.now(), one, chance))

    def answer(told: tuple[UUID, float]) -> None:
        note("told", told)
        world.later(timedelta(hours=2), lambda: note("answered"))

    def go_round() -> None:
        note("round")
        world.later(timedelta(hours=1), go_round)

    world.on("happened", answer)
    world.at(BEGIN, go_round)


def test_two_processes_live_what_one_lives(world: World) -> None:
    alone: list[tuple[str, datetime, UUID, float]] = []
    other = World(random.Random(7), clock.SimulatedClock(BEGIN), world.begins_on, world.today)
    with clock.use_clock(other.clock), other.reproducible_ids(random.Random(8)):
        _answer(other, alone)
        other.live(lambda _now: None)
    together: list[tuple[str, datetime, UUID, float]] = []
    days: list[date] = []
    _answer(world, together)
    world.live_in_two(lambda now: days.append(clock.local_date(now)))
    assert together == alone
    assert [instant for _what, instant, _one, _chance in alone] == sorted(entry[1] for entry in alone)
    assert {what for what, *_rest in alone} == {"told", "answered", "round"}
    assert days == [date(2026, 9, 15), date(2026, 9, 16)]
    assert world.clock.now() == datetime(2026, 9, 16, 10, tzinfo=UTC)


def test_what_breaks_off_upstream_is_told_where_the_command_was_given(world: World) -> None:
    def fail() -> None:
        raise ValueError("the river is dry")

    world.later(timedelta(hours=30), fail)
    with pytest.raises(BrokenOffError, match="the river is dry"):
        world.live_in_two(lambda _now: None)


def test_what_breaks_off_downstream_ends_both(world: World) -> None:
    def fail() -> None:
        raise ValueError("the mill stands still")

    world.part = Part.DOWNSTREAM
    world.later(timedelta(hours=30), fail)
    with pytest.raises(ValueError, match="the mill stands still"):
        world.live_in_two(lambda _now: None)


def test_facts_flow_one_way(world: World) -> None:
    world.on("published", lambda _what: None)
    world.part = Part.DOWNSTREAM
    with pytest.raises(RuntimeError, match="one way"):
        world.tell("published", None)
