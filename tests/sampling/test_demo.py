"""The chapter of sampling: a register, four plans, and visits in all three modes."""

import random
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from lims import clock, demo_people
from lims.catalog.identifiers import Valid, check_uscc
from lims.demo import World, reproducible_ids
from lims.verification import run_checks
from sampling import demo
from sampling.models import Business, RandomDraw, Sample, SamplingForm, SamplingPlan, SamplingTask, SeparationRefusal
from sampling.rules.draw_record import verify_record
from sampling.services.draws import record_of
from sampling.types import NoSampleReason, SeparationMode, TaskState
from tests.factories import citizen_votes as votes

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 4)


def live_days(seed: int = 7, last: date = LAST) -> World:
    """Three days of the county, from a round that is counted on its eve."""
    eve = datetime.combine(FIRST - timedelta(days=4), datetime.min.time(), clock.LOCAL_ZONE)
    ids = random.Random(seed)
    with clock.use_clock(clock.SimulatedClock(eve)) as simulated, reproducible_ids(ids.randbytes):
        assert isinstance(simulated, clock.SimulatedClock)
        world = World(random.Random(seed), simulated, FIRST, last)
        demo_people.live(world)
        demo.live(world)
        planner = world.actor("planner_1")
        world.later(timedelta(hours=9), lambda: world.tell("round_counted", votes.make_counted_round(planner)))
        world.live(lambda _instant: None)
    return world


def test_a_month_has_every_mode_every_reason_and_stops_to_come(session: Session):
    live_days()
    modes = set(session.scalars(sa.select(Sample.mode)))
    assert modes == set(SeparationMode)
    taken = session.scalar(sa.select(sa.func.count()).select_from(Sample))
    assert taken is not None
    assert taken > 60
    ended = session.scalars(sa.select(SamplingTask.no_sample_reason).where(SamplingTask.no_sample_reason.is_not(None)))
    assert set(ended) <= set(NoSampleReason)
    open_tasks = sa.select(SamplingTask.first_sampler_id).where(
        SamplingTask.state == TaskState.ISSUED, SamplingTask.planned_on == LAST
    )
    assert len(set(session.scalars(open_tasks))) > 2
    refused = session.scalars(sa.select(SeparationRefusal.scope).order_by(SeparationRefusal.scope)).all()
    assert refused == ["organisation", "organisation", "plan"]
    standing = session.scalars(sa.select(SamplingPlan.year).where(SamplingPlan.is_standing)).all()
    assert standing == [2026]
    assert all(verify_record(record_of(draw)) == [] for draw in session.scalars(sa.select(RandomDraw)))
    for name in ("separation", "samples"):
        assert all(finding.violations == 0 for finding in run_checks(session, name))


def test_businesses_are_told_apart_and_one_licence_is_wrong_as_real_ones_are(session: Session):
    live_days(last=FIRST)
    codes = session.execute(sa.select(Business.name, Business.uscc, Business.uscc_note)).all()
    assert len({name for name, _code, _note in codes}) == len(codes) == 120
    wrong = [note for _name, code, note in codes if not isinstance(check_uscc(code), Valid)]
    assert len(wrong) == 1
    assert wrong[0]


def test_the_same_seed_gives_the_same_visits(connection: Connection, session: Session):
    def lived() -> list[tuple[object, ...]]:
        point = connection.begin_nested()
        live_days(last=FIRST)
        query = (
            sa.select(SamplingTask.task_no, Business.name, SamplingTask.planned_on, SamplingForm.product_name)
            .join(Business, Business.id == SamplingTask.business_id)
            .outerjoin(Sample, Sample.task_id == SamplingTask.id)
            .outerjoin(SamplingForm, SamplingForm.sample_id == Sample.id)
            .order_by(SamplingTask.task_no)
        )
        rows = [tuple(row) for row in connection.execute(query)]
        point.rollback()
        return rows

    first = lived()
    assert len(first) > 300
    assert lived() == first
