"""The laboratories' chapter: what the bench writes down is believable, and each figure is judged."""

import random
from datetime import date

import pytest
from sqlalchemy.orm import Session

from lims import clock
from lims.demo import World
from results.demo import Chapter
from results.queries import list_lines
from results.rules.frozen import judge_line
from results.services.entry import case_of
from results.types import ItemVerdict, LimitState
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
