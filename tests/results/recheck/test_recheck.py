"""The recheck: who may have it, who does it, and that its conclusion replaces the first one."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody import services as custody
from chain_of_custody.types import Scan
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.outbox.tasks import run_periodic
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.recheck import services
from results.recheck.models import Recheck
from results.recheck.rules import Application, draw_lab, refusals_of, verdict_after
from results.recheck.services import NoLaboratoryError, RecheckRefusedError
from results.recheck.types import RecheckState, RefusalReason
from results.referral.models import Referral
from results.referral.services.cases import RecheckPendingError
from results.referral.types import Addressee, HandlingPart
from results.types import ItemVerdict
from sampling.models import Sample
from sampling.services.separation import SeparationRefusedError
from sampling.types import SampleState, SampleVerdict
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories import referral as cases
from tests.factories.people import make_person
from tests.factories.sampling import make_team

TODAY = NOW.date()
GOOD = Application(applied_on=TODAY, recheck_until=TODAY, asks_microbiological=False, has_backup=True)
LINES = [uuid4() for _ in range(4)]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"applied_on": TODAY + timedelta(days=1)}, [RefusalReason.LATE]),
        ({"recheck_until": None}, []),  # no service is recorded: no time has begun
        ({"asks_microbiological": True}, [RefusalReason.MICROBIOLOGICAL]),
        ({"has_backup": False}, [RefusalReason.BACKUP_UNFIT]),
        ({"backup_until": TODAY - timedelta(days=1)}, [RefusalReason.BACKUP_EXPIRED]),
    ],
)
def test_an_application_is_refused_for_the_reasons_of_the_law_and_no_others(changed, expected):
    values = {name: getattr(GOOD, name) for name in GOOD.__slots__} | changed
    assert refusals_of(Application(**values)) == expected


@given(st.text("0123456789abcdef", min_size=64, max_size=64), st.sets(st.uuids(), min_size=1, max_size=9))
def test_a_lot_can_be_drawn_again_and_does_not_depend_on_the_order_of_the_list(seed, labs):
    drawn, tickets = draw_lab(seed, labs)
    assert drawn in labs
    assert draw_lab(seed, sorted(labs, reverse=True)) == (drawn, tickets)
    assert set(map(UUID, tickets)) == labs


@given(st.sets(st.sampled_from(LINES), min_size=1), st.data())
def test_a_sample_passes_only_when_everything_that_failed_was_asked_for_and_passed(failed, data):
    asked = data.draw(st.sets(st.sampled_from(sorted(failed)), min_size=1))
    found = {line: data.draw(st.sampled_from([ItemVerdict.PASS, ItemVerdict.FAIL])) for line in asked}
    passed = verdict_after(failed, asked, found) is SampleVerdict.PASS
    assert passed == (asked == failed and set(found.values()) == {ItemVerdict.PASS})


@pytest.fixture
def lab(session):
    return rechecks.make_lab()


@pytest.fixture
def case(session, lab):
    return rechecks.make_served_case()


def state_of(session, case) -> SampleState:
    session.expire_all()
    return session.get_one(Sample, case.sample_id).state


def test_a_recheck_that_passes_withdraws_the_referral_and_ends_the_sample(session, case, lab):
    recheck_id = rechecks.make_received(case, lab)
    assert state_of(session, case) is SampleState.RECHECK
    (line,) = rechecks.failed_lines(case)
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "0.010"})
    with unit_of_work(lab.signatory.actor) as uow:
        signed = services.conclude_recheck(uow, recheck_id, "FJ-1", b"%PDF-1.7 x")
        assert signed.verdict is SampleVerdict.PASS
    assert state_of(session, case) is SampleState.SERVED
    assert session.get_one(Sample, case.sample_id).verdict is SampleVerdict.PASS
    assert session.get_one(Referral, case.referral_id).withdrawn_at is not None
    assert all(finding.violations == 0 for finding in run_checks(session, "referrals"))


def test_a_recheck_that_fails_lets_the_handling_go_on(session, case, lab):
    recheck_id = rechecks.make_received(case, lab)
    (line,) = rechecks.failed_lines(case)
    with pytest.raises(RecheckPendingError):
        cases.submit_parts(case, HandlingPart.PENALTY)
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "0.010"})
        services.enter_recheck_results(uow, recheck_id, {line: "88"})
    with unit_of_work(lab.signatory.actor) as uow:
        assert services.conclude_recheck(uow, recheck_id, "FJ-1").verdict is SampleVerdict.FAIL
    session.expire_all()
    assert session.get_one(Referral, case.referral_id).withdrawn_at is None


def test_nobody_of_the_first_test_touches_the_recheck_and_its_tester_does_not_sign(session, lab, case):
    recheck_id = rechecks.make_received(case, lab)
    (line,) = rechecks.failed_lines(case)
    with pytest.raises(NotFoundError), unit_of_work(case.team.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "1"})
    session.execute(
        sa.text("UPDATE recheck SET lab_id = :lab WHERE id = :id"), {"lab": case.team.lab_id, "id": recheck_id}
    )
    with pytest.raises(SeparationRefusedError), unit_of_work(case.team.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "1"})
    session.execute(sa.text("UPDATE recheck SET lab_id = :lab WHERE id = :id"), {"lab": lab.lab_id, "id": recheck_id})
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "1"})
    with pytest.raises(ConflictError), unit_of_work(lab.tester.actor) as uow:
        services.conclude_recheck(uow, recheck_id, "FJ-1")


def test_the_backup_portion_goes_to_the_laboratory_that_was_drawn_and_to_no_other(session, lab, case):
    number = rechecks.backup_of(case)
    holder = case.team.custodian
    other = make_team()
    with pytest.raises(InvalidInputError), unit_of_work(holder.actor) as uow:
        custody.offer_hand_over(uow, [number], lab.lab_id)
    rechecks.make_assigned(case)
    with pytest.raises(InvalidInputError), unit_of_work(holder.actor) as uow:
        custody.offer_hand_over(uow, [number], other.lab_id)
    with unit_of_work(holder.actor) as uow:
        offer_id = custody.offer_hand_over(uow, [number], lab.lab_id).id
    with unit_of_work(lab.custodian.actor) as uow:
        assert custody.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True)]) == []
    assert state_of(session, case) is SampleState.RECHECK


def test_a_late_application_is_refused_and_the_sample_stays_served(session, case, frozen_clock):
    frozen_clock.advance(timedelta(days=9))
    recheck_id = rechecks.apply(case)
    with pytest.raises(RecheckRefusedError) as refused, unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    assert refused.value.facts == {"reasons": ["late"]}
    with unit_of_work(case.officer.actor) as uow:
        services.refuse_recheck(uow, recheck_id, RefusalReason.LATE, "逾期")
    assert state_of(session, case) is SampleState.SERVED
    assert session.get_one(Recheck, recheck_id).state is RecheckState.REFUSED


def test_an_application_that_comes_before_the_service_is_recorded_waits_for_it(session):
    case = cases.make_acknowledged_case()
    recheck_id = rechecks.apply(case)
    with pytest.raises(ConflictError, match="record it"), unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    cases.serve_all(case.officer, case.sample_id)
    with unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    assert state_of(session, case) is SampleState.RECHECK


def test_without_a_backup_portion_there_is_no_recheck(session):
    case = rechecks.make_served_case(backup_qty=None, no_backup_reason="复用餐饮具不留备样")
    recheck_id = rechecks.apply(case)
    with pytest.raises(RecheckRefusedError), unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)


def test_only_an_addressee_applies_for_what_failed_and_once(session, case):
    for wrong in (
        {"applicant": Addressee.MARKET_ORGANISER},
        {"applicant": Addressee.NOMINAL_PRODUCER},
        {"set_item_ids": [uuid4()]},
        {"set_item_ids": []},
        {"applied_on": TODAY + timedelta(days=2)},
        {"grounds": " "},
    ):
        with pytest.raises(InvalidInputError):
            rechecks.apply(case, **wrong)
    rechecks.apply(case)
    with pytest.raises(ConflictError):
        rechecks.apply(case)


def test_the_first_laboratory_and_those_off_the_list_are_never_drawn(session):
    case = rechecks.make_served_case()
    recheck_id = rechecks.apply(case)
    with unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    with pytest.raises(NoLaboratoryError), unit_of_work(case.officer.actor) as uow:
        services.draw_laboratory(uow, recheck_id)
    drawn = rechecks.make_lab()
    with unit_of_work(case.officer.actor) as uow:
        record = services.draw_laboratory(uow, recheck_id)
        assert record.lab_id == drawn.lab_id
        assert record.draw is not None
        assert draw_lab(record.draw["seed"], map(UUID, record.draw["tickets"]))[0] == drawn.lab_id


def test_a_failure_under_recheck_is_published_with_its_mark_and_a_pass_replaces_it(client, session, case, lab):
    from tests.results.publication.test_publication import give_cma

    give_cma(case.team)
    recheck_id = rechecks.make_received(case, lab)
    run_periodic("results.publication.publish")
    client.set_cookie("lims_locale", "en")
    path = f"/results/samples/{case.sample_id}"
    assert "Recheck under way" in client.get(path).text
    (line,) = rechecks.failed_lines(case)
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: "0.010"})
    with unit_of_work(lab.signatory.actor) as uow:
        services.conclude_recheck(uow, recheck_id, "FJ-1")
    page = client.get(path).text
    assert "Recheck: 0.010" in page
    assert "Recheck under way" not in page
    assert client.get("/api/v1/public-results").json["items"][0]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'refused'", "ck_recheck_"),
        ("lab_id = NULL", "ck_recheck_lab_is_drawn"),
        ("state = 'concluded'", "ck_recheck_concluded_at_if_concluded"),
    ],
)
def test_a_recheck_is_in_no_state_without_what_belongs_to_it(session, case, lab, change, constraint):
    recheck_id = rechecks.make_assigned(case)

    def write() -> None:
        with session.begin_nested():
            session.execute(sa.text(f"UPDATE recheck SET {change} WHERE id = :id"), {"id": recheck_id})

    with pytest.raises(sa.exc.IntegrityError, match=constraint):
        write()


def test_a_stranger_decides_nothing(session, case):
    recheck_id = rechecks.apply(case)
    stranger = cases.make_officer(make_team())
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    outsider = make_person(make_team().lab_id)
    with pytest.raises(NotFoundError), unit_of_work(outsider.actor) as uow:
        services.conclude_recheck(uow, recheck_id, "1")
