"""The report over locked results: composed for who signs it, from what the database holds, and given back."""

from datetime import date, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import INSTALL
from lims.errors import ConflictError, InvalidInputError
from lims.files import read_file
from lims.people.services import accredit
from lims.uow import unit_of_work
from results.models import TestReport, TestSet
from results.queries import list_lines, newest_report
from results.services.composition import compose_report, return_report, translate_report
from results.services.entry import approve_correction, enter_results, propose_correction
from results.services.review import IncompleteResultsError, give_up, lock_results
from results.services.signing import NotSignableError
from results.types import Entry, LimitState, TestSetState
from sampling.models import Sample, SamplingForm
from sampling.services.separation import SeparationRefusedError
from sampling.types import SampleState, SampleVerdict
from tests.conftest import NOW
from tests.factories.results import make_entered_set, make_locked_set, make_report, make_signed_report, make_test_set
from tests.factories.sampling import Team, make_team

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def team(session: Session) -> Team:
    return make_team()


def text_of(pdf: bytes) -> str:
    pages = PdfReader(BytesIO(pdf)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def printed(session: Session, report: TestReport) -> str:
    return text_of(read_file(session, report.pdf_sha256)[0])


def test_recoding_opens_the_worklist(team: Team) -> None:
    assert make_test_set(team).state is TestSetState.OPEN


def test_a_report_prints_sample_items_people_and_conclusion(session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team))
    text = printed(session, report)
    sample = session.get_one(Sample, report.sample_id)
    form = session.get_one(SamplingForm, report.sample_id)
    for fact in (sample.sampling_no, form.product_name, form.party_name, form.party_address, report.report_no):
        assert fact in text
    assert "经抽样检验，所检项目符合GB2762-2025" in text
    assert "铅（以Pb计）" in text
    assert "阿维菌素" not in text  # not tested, so nothing is said of it
    assert "外分离" in text
    assert report.verdict is SampleVerdict.PASS


def test_a_value_over_its_limit_fails_the_sample(session: Session, team: Team) -> None:
    report = make_report(team, make_locked_set(team, "5.1"))
    assert report.verdict is SampleVerdict.FAIL
    assert "检验结论为不合格" in printed(session, report)


def test_the_mark_stands_only_where_the_certificate_covers_the_day(session: Session, team: Team) -> None:
    assert "资质认定" not in printed(session, make_report(team, make_locked_set(team)))
    with unit_of_work(INSTALL) as uow:
        for number, (begin, end) in {"EXPIRED1": (2020, 2025), "CURRENT1": (2026, 2030)}.items():
            accredit(
                uow,
                team.lab_id,
                scheme="CMA",
                certificate_no=number,
                scope="食品",
                valid_from=date(begin, 1, 1),
                valid_to=date(end, 12, 31),
            )
    text = printed(session, make_report(team, make_locked_set(team)))
    assert "CURRENT1" in text
    assert "EXPIRED1" not in text


def test_composing_twice_gives_the_report_that_stands(team: Team) -> None:
    made = make_locked_set(team)
    assert make_report(team, made).id == make_report(team, made).id


def test_another_signatory_or_another_day_is_a_new_version_under_the_same_number(
    session: Session, team: Team, frozen_clock: clock.SimulatedClock
) -> None:
    made = make_locked_set(team)
    first = make_report(team, made)
    frozen_clock.move_to(NOW + timedelta(days=1))
    second = make_report(team, made)
    assert (second.report_no, second.version) == (first.report_no, 2)
    assert newest_report(session, made.sample_id).id == second.id  # type: ignore[union-attr]


def test_numbers_of_reports_follow_each_other(team: Team) -> None:
    numbers = [int(make_report(team, make_locked_set(team)).report_no[-6:]) for _ in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_what_is_not_locked_is_not_composed(team: Team) -> None:
    with pytest.raises(NotSignableError, match="not locked"):
        make_report(team, make_entered_set(team))


def test_a_tester_cannot_compose_what_they_tested(team: Team) -> None:
    made = make_locked_set(team)
    with pytest.raises((NotSignableError, SeparationRefusedError)), unit_of_work(team.tester.actor) as uow:
        compose_report(uow, made.blind_code)


def test_a_returned_report_takes_corrections_of_two_persons_and_shows_both_figures(
    session: Session, team: Team
) -> None:
    made = make_locked_set(team, "0.04")
    report = make_report(team, made)
    with pytest.raises(InvalidInputError), unit_of_work(team.signatory.actor) as uow:
        return_report(uow, report.id, "  ")
    with unit_of_work(team.signatory.actor) as uow:
        return_report(uow, report.id, "the blank was not subtracted")
    line = next(one.line for one in list_lines(session, made.id) if one.line.limit_state is LimitState.FOUND)
    with unit_of_work(team.tester.actor) as uow:
        proposal_id = propose_correction(uow, made.blind_code, Entry(line.id, "0.03", "blank subtracted")).id
    with unit_of_work(team.reviewer.actor) as uow:
        approve_correction(uow, proposal_id)
    with unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    again = make_report(team, made)
    assert (again.report_no, again.version) == (report.report_no, 2)
    assert "0.03（更正前0.04）" in printed(session, again)
    with pytest.raises(ConflictError), unit_of_work(team.signatory.actor) as uow:
        return_report(uow, report.id, "too late")


def test_the_english_report_names_the_file_that_was_signed(session: Session, team: Team) -> None:
    report = make_signed_report(team)
    text = text_of(translate_report(session, session.get_one(TestReport, report.id)))
    assert report.pdf_sha256.hex() in text
    assert "TESTREPORT" in text
    assert "notdetected" in text


def test_a_set_nothing_was_judged_of_is_given_up_with_a_reason(session: Session, team: Team) -> None:
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        lines = list_lines(uow.session, made.id)
        enter_results(uow, made.blind_code, [Entry(one.line.id, "/", untested_reason="样品变质") for one in lines])
    with pytest.raises(IncompleteResultsError, match="Give it up"), unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
    with pytest.raises(InvalidInputError), unit_of_work(team.reviewer.actor) as uow:
        give_up(uow, made.blind_code, "")
    with unit_of_work(team.reviewer.actor) as uow:
        give_up(uow, made.blind_code, "样品变质")
    sample = session.get_one(Sample, made.sample_id)
    assert (sample.state, sample.ended_reason) == (SampleState.NOT_TESTED, "样品变质")
    assert session.scalar(sa.select(TestSet.state).where(TestSet.id == made.id)) is TestSetState.GIVEN_UP


def test_what_cannot_be_judged_is_not_locked(team: Team) -> None:
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        enter_results(uow, made.blind_code, [Entry(one.line.id, "未检出") for one in list_lines(uow.session, made.id)])
    with pytest.raises(IncompleteResultsError, match="cannot be judged"), unit_of_work(team.reviewer.actor) as uow:
        lock_results(uow, made.blind_code)
