"""Worklists, entered and locked results."""

from itertools import count

from lims.clock import local_date
from lims.files import store_file
from lims.uow import unit_of_work
from results.models import TestReport, TestSet
from results.queries import list_lines
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.worklists import open_test_set
from results.types import Entry, LimitState
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleVerdict
from tests.factories.sampling import Team, make_sample

_codes = count(1)
STATED = "未检出（检出限：0.005mg/kg）"  # where the method row states no bound, the bench does


def make_test_set(team: Team, **form: object) -> TestSet:
    """The worklist of a sample that reached the bench."""
    sample_id = make_sample(team, **form)
    with unit_of_work(team.custodian.actor) as uow:
        sample = get_sample_for_act(uow, sample_id)
        for event in (SampleEvent.HANDED_OVER, SampleEvent.ACCEPTED, SampleEvent.RECODED):
            move_sample(uow, sample, event)
        made = open_test_set(uow, sample_id, f"BLIND{next(_codes):04d}")
        uow.session.flush()
        uow.session.expunge(made)
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


def make_locked_set(team: Team, text: str = "未检出") -> TestSet:
    """A worklist whose results the reviewer fixed."""
    made = make_entered_set(team, text)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    return made


def make_report(team: Team, made: TestSet, verdict: SampleVerdict = SampleVerdict.PASS) -> TestReport:
    """A report over a locked set, composed today for the team's signatory."""
    with unit_of_work(team.signatory.actor) as uow:
        report = TestReport(
            report_no=f"BG{made.blind_code}",
            version=1,
            sample_id=made.sample_id,
            test_set_id=made.id,
            lock_seq=1,
            pdf_sha256=store_file(uow, f"%PDF-1.7 {made.blind_code}".encode()),
            check_code=made.blind_code,
            verdict=verdict,
            signatory_id=team.signatory.person_id,
            issued_on=local_date(uow.now),
            composed_at=uow.now,
        )
        uow.session.add(report)
        uow.session.flush()
        uow.session.expunge(report)
        return report
