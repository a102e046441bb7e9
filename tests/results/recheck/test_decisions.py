"""Grounds of refusal with their facts, mixed applications, extended terms, the portion that comes damaged."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.models import TestItem
from lims.catalog.services import set_parameter
from lims.catalog.workdays import last_day
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.outbox.tasks import run_periodic
from lims.uow import unit_of_work
from results.recheck import services
from results.recheck.models import Recheck, RecheckReceipt
from results.recheck.rules import Application, refusals_of, running_clock
from results.recheck.services import RecheckRefusedError
from results.recheck.types import OVER, RecheckClock, RecheckState, RefusalReason
from results.referral.models import Referral
from sampling.models import Sample
from sampling.types import SampleState, SampleVerdict
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories.web import bearer, csrf_token, log_in

TODAY = NOW.date()
days = st.integers(-400, 400).map(lambda count: TODAY + timedelta(days=count))


@given(st.tuples(st.booleans(), st.booleans(), st.booleans()), st.none() | days, st.none() | days, st.booleans())
def test_each_ground_stands_for_itself_and_a_mixed_application_may_be_split(mixture, until, shelf, kept):
    micro, others, split = mixture
    application = Application(TODAY, until, micro, kept, shelf, asks_others=others, may_be_split=split)
    found = refusals_of(application)
    assert (RefusalReason.MICROBIOLOGICAL in found) == (micro and not (others and split))
    assert (RefusalReason.BACKUP_EXPIRED in found) == (shelf is not None and shelf < TODAY)
    assert (RefusalReason.LATE in found) == (until is not None and until < TODAY)
    assert (RefusalReason.BACKUP_UNFIT in found) == (not kept)
    assert RefusalReason.OTHER not in found


@pytest.mark.parametrize("state", RecheckState)
def test_exactly_one_term_runs_until_a_recheck_is_over(state):
    ends = dict.fromkeys(RecheckClock, NOW)
    assert (running_clock(state, ends) is None) == (state in OVER)
    assert running_clock(RecheckState.ASSIGNED, ends | {RecheckClock.REPORT: None}) is RecheckClock.HANDOVER


@pytest.fixture
def lab(session):
    return rechecks.make_lab()


@pytest.fixture
def case(session, lab):
    return rechecks.make_served_case()


def set_form(session, case, **values) -> None:
    for column, value in values.items():
        session.execute(
            sa.text(f"UPDATE sampling_form SET {column} = :value WHERE sample_id = :id"),
            {"value": value, "id": case.sample_id},
        )
    session.commit()


@pytest.fixture
def mixed(session, lab, monkeypatch):
    """A case in which two items failed, the second of them a microbiological one."""
    seen: list[UUID] = []

    def is_microbiological(item: TestItem) -> bool:
        if item.id not in seen:
            seen.append(item.id)
        return seen.index(item.id) == 1

    with monkeypatch.context() as patched:
        patched.setattr(TestItem, "is_microbiological", property(is_microbiological))
        made = rechecks.make_served_case(failures=2)
    assert [one["is_microbiological"] for one in session.get_one(Referral, made.referral_id).failed_items] == [
        False,
        True,
    ]
    return made


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


@pytest.mark.parametrize(("locale", "words"), [("en", "until 2026-08-08"), ("zh_Hans_CN", "至2026-08-08")])
def test_an_expired_backup_is_proposed_with_its_dates_and_overruled_only_in_writing(
    client, session, case, locale, words
):
    client.set_cookie("lims_locale", locale)
    set_form(session, case, product_date="2026-08-01", shelf_life="7天")
    recheck_id = rechecks.apply(case)
    home = f"/rechecks/{recheck_id}"
    log_in(client, case.officer)
    assert words in client.get(home).text
    with pytest.raises(RecheckRefusedError) as refused, unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    assert refused.value.facts == {"reasons": ["backup_expired"]}
    path = f"{home}/acceptance"
    assert post(client, path, path, note="").status_code == 422
    taken = post(client, path, path, note="标签保质期为12个月，抽样单误填")
    assert taken.status_code == 303, taken.text
    assert "标签保质期为12个月" in client.get(home).text


@pytest.mark.parametrize("written", [None, "见包装", "冷藏保存"])
def test_a_shelf_life_that_cannot_be_read_is_no_ground_and_the_page_says_so(client, session, case, written):
    client.set_cookie("lims_locale", "en")
    set_form(session, case, product_date="2020-01-01", shelf_life=written)
    recheck_id = rechecks.apply(case)
    log_in(client, case.officer)
    assert "cannot be read" in client.get(f"/rechecks/{recheck_id}").text
    with unit_of_work(case.officer.actor) as uow:
        assert services.accept_recheck(uow, recheck_id).state is RecheckState.ACCEPTED


def test_no_note_overrules_what_is_a_fact(session, case, frozen_clock):
    frozen_clock.advance(timedelta(days=20))
    recheck_id = rechecks.apply(case)
    with pytest.raises(RecheckRefusedError), unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id, "同意受理")


def test_of_a_mixed_application_only_what_is_not_microbiological_is_accepted(client, session, mixed, lab):
    case = mixed
    chemical, micro = rechecks.failed_lines(case)
    recheck_id = rechecks.apply(case)
    log_in(client, case.officer)
    assert "不予复检" in client.get(f"/rechecks/{recheck_id}").text
    with unit_of_work(case.officer.actor) as uow:
        assert services.accept_recheck(uow, recheck_id).granted_item_ids == [chemical]
        services.draw_laboratory(uow, recheck_id)
    rechecks.hand_on(case, lab)
    rechecks.receive(case, lab, recheck_id)
    rechecks.pay(case, lab, recheck_id)
    with pytest.raises(InvalidInputError), unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {micro: "1"})
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {chemical: "0.010"})
    with unit_of_work(lab.signatory.actor) as uow:
        assert services.conclude_recheck(uow, recheck_id, "FJ-1").verdict is SampleVerdict.FAIL


def test_a_mixed_application_is_refused_as_a_whole_where_the_parameter_says_so(session, mixed):
    case = mixed
    with unit_of_work(case.officer.actor) as uow:
        set_parameter(uow, "recheck_mixed", Decimal(0), valid_from=TODAY, source="本局规定", reason="整份不予受理")
    recheck_id = rechecks.apply(case)
    with pytest.raises(RecheckRefusedError) as refused, unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    assert refused.value.facts == {"reasons": ["microbiological"]}


def due(session, recheck_id, column):
    session.expire_all()
    return last_day(getattr(session.get_one(Recheck, recheck_id), column))


def extend(case, recheck_id, until, reason="材料需补正") -> None:
    with unit_of_work(case.officer.actor) as uow:
        services.extend_clock(uow, recheck_id, until, reason)


def test_a_term_is_extended_more_than_once_within_its_bound_and_every_end_stays_on_record(session, case):
    recheck_id = rechecks.apply(case)
    first = due(session, recheck_id, "decide_due_at")
    extend(case, recheck_id, first + timedelta(days=1))
    extend(case, recheck_id, first + timedelta(days=3))
    assert due(session, recheck_id, "decide_due_at") == first + timedelta(days=3)
    for wrong in (first, first + timedelta(days=3), first + timedelta(days=40)):
        with pytest.raises(InvalidInputError) as refused:
            extend(case, recheck_id, wrong)
        assert wrong.isoformat() in str(refused.value)
    with pytest.raises(InvalidInputError):
        extend(case, recheck_id, first + timedelta(days=4), " ")
    rows = session.execute(sa.text("SELECT number, old_due_at < new_due_at FROM recheck_extension ORDER BY number"))
    assert [tuple(row) for row in rows] == [(1, True), (2, True)]


def test_a_stranger_extends_nothing_and_what_is_over_has_no_term(session, case):
    recheck_id = rechecks.apply(case)
    until = due(session, recheck_id, "decide_due_at") + timedelta(days=1)
    stranger = rechecks.make_served_case()
    with pytest.raises(NotFoundError):
        extend(stranger, recheck_id, until)
    with unit_of_work(case.officer.actor) as uow:
        services.refuse_recheck(uow, recheck_id, RefusalReason.OTHER, "不符合规定")
    with pytest.raises(ConflictError):
        extend(case, recheck_id, until)


def test_the_report_is_due_from_the_reception_of_the_portion_on(session, case, lab, frozen_clock):
    recheck_id = rechecks.make_assigned(case)
    assert session.get_one(Recheck, recheck_id).report_due_at is None
    frozen_clock.advance(timedelta(days=1))
    rechecks.hand_on(case, lab)
    rechecks.receive(case, lab, recheck_id)
    assert due(session, recheck_id, "report_due_at") > TODAY + timedelta(days=10)


@pytest.mark.parametrize("locale", ["en", "zh_Hans_CN"])
def test_a_term_that_has_passed_is_overdue_on_the_board_and_extended_on_its_page(
    client, session, case, frozen_clock, locale
):
    client.set_cookie("lims_locale", locale)
    recheck_id = rechecks.apply(case)
    log_in(client, case.officer)
    late = {"en": "overdue", "zh_Hans_CN": "逾期"}[locale]
    assert late not in client.get("/rechecks/").text
    frozen_clock.advance(timedelta(days=9))
    log_in(client, case.officer)
    assert late in client.get("/rechecks/").text
    path = f"/rechecks/{recheck_id}/extension"
    wrong = post(client, path, path, until="2030-01-01", reason="材料需补正")
    assert wrong.status_code == 422
    assert "2030-01-01" in wrong.text
    until = (due(session, recheck_id, "decide_due_at") + timedelta(days=3)).isoformat()
    assert post(client, path, path, until=until, reason="材料需补正").status_code == 303
    assert "材料需补正" in client.get(f"/rechecks/{recheck_id}").text
    body = {"until": "2030-01-01", "reason": "x"}
    refused = client.post(f"/api/v1/rechecks/{recheck_id}/extensions", json=body, headers=bearer(case.officer))
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "found",
    [{"seal_intact": False}, {"package_intact": False}, {"seal_no": "F-000"}],
)
def test_a_portion_that_came_damaged_ends_the_recheck_and_the_first_conclusion_stands(
    client, session, case, lab, found
):
    recheck_id = rechecks.make_assigned(case)
    rechecks.hand_on(case, lab)
    with pytest.raises(InvalidInputError) as refused:
        rechecks.receive(case, lab, recheck_id, **found)
    assert refused.value.field == "damage"
    rechecks.receive(case, lab, recheck_id, damage="封条破损", **found)
    session.expire_all()
    row = session.get_one(Recheck, recheck_id)
    assert (row.state, row.ended_reason) == (RecheckState.ENDED, "封条破损")
    sample = session.get_one(Sample, case.sample_id)
    assert (sample.state, sample.verdict) == (SampleState.SERVED, SampleVerdict.FAIL)
    assert session.get_one(Referral, case.referral_id).withdrawn_at is None
    log_in(client, case.officer)
    assert "封条破损" in client.get(f"/rechecks/{recheck_id}").text
    run_periodic("results.publication.publish")
    (line,) = rechecks.failed_lines(case)
    with pytest.raises(ConflictError), unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "1"})


def test_nothing_is_tested_before_the_portion_is_received_and_received_before_custody_knows_it(session, case, lab):
    recheck_id = rechecks.make_assigned(case)
    with pytest.raises(ConflictError):
        rechecks.receive(case, lab, recheck_id)
    rechecks.hand_on(case, lab)
    (line,) = rechecks.failed_lines(case)
    with pytest.raises(ConflictError), unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "1"})
    for wrong in ({"seal_no": " "}, {"seal_photo": b"no picture"}, {"damage": "封条破损"}):
        with pytest.raises(InvalidInputError):
            rechecks.receive(case, lab, recheck_id, **wrong)
    rechecks.receive(case, lab, recheck_id)
    with pytest.raises(ConflictError):
        rechecks.receive(case, lab, recheck_id)
    assert session.get_one(RecheckReceipt, recheck_id).seal_matches
