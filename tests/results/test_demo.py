"""The laboratories' chapter: what the bench writes down is believable, and each figure is judged."""

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims import clock
from lims.cluster import Urls
from lims.db import db
from lims.decisions import Outcome
from lims.demo import World
from lims.limit_tables.models import LimitTable
from lims.verification import run_checks
from results.demo import Chapter
from results.models import ItemResult, TestReport
from results.queries import list_lines
from results.raw_data.models import RawData
from results.referral.models import Referral, ReferralBranch
from results.rules.frozen import judge_line
from results.services.judging import case_of
from results.types import ItemVerdict, LimitState
from sampling.demo import month
from sampling.models import Sample
from sampling.types import SampleState, SampleVerdict
from tests.factories.results import make_test_set
from tests.factories.sampling import make_team


@pytest.fixture
def chapter(session: Session, frozen_clock: clock.SimulatedClock) -> Chapter:
    return Chapter(World(random.Random(7), frozen_clock, date(2026, 9, 14), date(2026, 9, 14)))


def test_every_result_of_the_month_is_judged_or_says_why_it_was_not_tested(session: Session, chapter: Chapter) -> None:
    made = make_test_set(make_team())
    lines = {one.line.id: one.line for one in list_lines(session, made.id)}
    for _day in range(40):
        for entry in chapter._results(made, list_lines(session, made.id)):
            line = lines[entry.set_item_id]
            case = case_of(line, made, entry.text, entry.untested_reason)
            verdict = judge_line(case, line.limit_state, line.basis).verdict
            assert verdict is not ItemVerdict.CANNOT_JUDGE
            assert (verdict is ItemVerdict.UNTESTED) == (entry.untested_reason is not None)


def test_a_figure_that_is_over_fails_and_one_that_is_not_passes(session: Session, chapter: Chapter) -> None:
    made = make_test_set(make_team())
    for one in list_lines(session, made.id):
        if one.line.limit_state is not LimitState.FOUND:
            continue
        for is_over, expected in ((True, ItemVerdict.FAIL), (False, ItemVerdict.PASS)):
            text = chapter._figure(one.line, is_over=is_over)
            assert judge_line(case_of(one.line, made, text), one.line.limit_state, "").verdict is expected


# States that no share of chance brings about: somebody of the county sees to it that a visitor finds each.
HARD_TO_MEET = {SampleState.VOID, SampleState.NOT_TESTED, SampleState.LOCKED}
CONCLUDED = {SampleState.SIGNED, SampleState.SERVED, SampleState.CLOSED, SampleState.RECHECK}
FIRST, LAST = date(2026, 11, 2), date(2026, 11, 13)


def _live_fortnight(*, in_two: bool) -> list[list[Any]]:
    """One plan of the county from the votes to its cases; returns what people would call it by."""
    eve = datetime.combine(FIRST - timedelta(days=45), time(8, 30), clock.LOCAL_ZONE)
    simulated = clock.SimulatedClock(eve)
    world = World(random.Random(7), simulated, FIRST, LAST)
    with clock.use_clock(simulated), world.reproducible_ids(random.Random(8)):
        world.begin()
        (world.live_in_two if in_two else world.live)(lambda _now: None)
    with db.new_session() as session:
        assert set(session.scalars(sa.select(Sample.state))) >= HARD_TO_MEET
        assert all(finding.violations == 0 for finding in run_checks(session))
        assert set(session.scalars(sa.select(LimitTable.outcome))) == {Outcome.APPROVED, None}
        assert session.scalars(sa.select(RawData.file_name)).first() is not None
        return [
            [tuple(row) for row in session.execute(query)]
            for query in (
                sa.select(TestReport.report_no, TestReport.version, Sample.sampling_no, TestReport.verdict)
                .join(Sample, Sample.id == TestReport.sample_id)
                .order_by(TestReport.report_no, TestReport.version),
                sa.select(ItemResult.id, ItemResult.entered_text, ItemResult.verdict).order_by(ItemResult.id),
                sa.select(Referral.case_no, ReferralBranch.kind, ReferralBranch.state, Sample.sampling_no)
                .join(ReferralBranch, ReferralBranch.referral_id == Referral.id)
                .join(Sample, Sample.id == Referral.sample_id)
                .order_by(Referral.case_no, ReferralBranch.kind),
                sa.select(Sample.sampling_no, Sample.state)
                .where(Sample.sampling_no.is_not(None))
                .order_by(Sample.sampling_no),
            )
        ]


def test_the_same_seed_gives_the_same_reports_and_cases_in_one_process_and_in_two(
    committed_database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce = month.PROGRAMMES[1]
    small = replace(produce, budget=sum(line.statutory for line in produce.lines))
    monkeypatch.setattr(month, "PROGRAMMES", (small,))
    monkeypatch.setattr("results.demo.FAILS", 0.3)
    with db.engine.connect() as connection:
        transaction = connection.begin()
        with db.bound_to(connection):
            alone = _live_fortnight(in_two=False)
        transaction.rollback()
    reports, results, cases, samples = alone
    concluded = {sampling_no for sampling_no, state in samples if state in CONCLUDED}
    assert concluded <= {row[2] for row in reports}
    assert 3 * len(concluded) > len(samples)  # those of the last week are on the bench yet
    assert {row[-1] for row in reports} == {SampleVerdict.PASS, SampleVerdict.FAIL}
    assert len(results) > len(reports)
    assert len(cases) > 2
    assert _live_fortnight(in_two=True) == alone
