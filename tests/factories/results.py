"""Worklists, entered and locked results."""

from lims.db import db
from lims.uow import unit_of_work
from results.models import TestReport, TestSet
from results.queries import list_lines, retests_of
from results.services.composition import compose_report
from results.services.confirming import enter_retest
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.signing import sign_conclusion
from results.types import Calculation, Entry, ItemVerdict, LimitState
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.sampling import Team

CURVE = {"reading": "0.0125", "volume": "25.0", "dilution": "2", "mass": "5.0023"}  # 0.1249 mg/kg
STATED = "未检出（检出限：0.005mg/kg）"  # where the method row states no bound, the bench does


def make_test_set(team: Team, **form: object) -> TestSet:
    """The worklist of a sample that was recoded, opened by the recoding itself."""
    sample_id, code = make_recoded_sample(team, **form)
    with db.new_session() as session:
        made = session.query(TestSet).filter_by(sample_id=sample_id, blind_code=code).one()
        session.expunge(made)
        return made


def make_entered_set(team: Team, text: str = "未检出") -> TestSet:
    """A worklist with the same result for every item that can be judged; the others were not tested."""
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        lines = list_lines(uow.session, made.id)
        entries = [
            Entry(one.line.id, STATED if text == "未检出" and one.line.lod is None else text)
            if one.line.limit_state is LimitState.FOUND
            else Entry(one.line.id, "/", untested_reason="限量未载入")
            for one in lines
        ]
        enter_results(uow, made.blind_code, entries)
    return made


def make_computed_set(team: Team) -> TestSet:
    """A worklist with one result, computed from its interim values."""
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        line = next(one.line for one in list_lines(uow.session, made.id) if one.line.limit_state is LimitState.FOUND)
        entry = Entry(line.id, "0.125mg/kg", calculation=Calculation("standard_curve", CURVE))
        enter_results(uow, made.blind_code, [entry])
    return made


def bear_out(team: Team, made: TestSet) -> None:
    """Every fail of a set is measured again and comes out as it was."""
    with unit_of_work(team.tester.actor) as uow:
        lines = list_lines(uow.session, made.id)
        known = retests_of(uow.session, lines)
        for one in lines:
            if one.result and one.result.verdict is ItemVerdict.FAIL and one.line.id not in known:
                enter_retest(uow, made.blind_code, one.line.id, one.result.entered_text)


def make_locked_set(team: Team, text: str = "未检出") -> TestSet:
    """A worklist whose results the reviewer fixed."""
    made = make_entered_set(team, text)
    bear_out(team, made)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    return made


def make_report(team: Team, made: TestSet) -> TestReport:
    """The report over a locked set, composed now for the team's signatory."""
    with unit_of_work(team.signatory.actor) as uow:
        report = compose_report(uow, made.blind_code)
        uow.session.flush()
        uow.session.expunge(report)
        return report


def make_signed_report(team: Team, text: str = "未检出") -> TestReport:
    """A sample tested, locked, reported and signed."""
    report = make_report(team, make_locked_set(team, text))
    with unit_of_work(team.signatory.actor) as uow:
        sign_conclusion(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)
    return report
