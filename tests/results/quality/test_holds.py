"""What quality control rejects is held, and nothing gets past a hold but a lift or another measurement."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from lims.auth.permissions import Role
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from results.quality.models import QcVerdict
from results.quality.queries.batches import qc_cells
from results.quality.queries.holds import count_open_holds, list_open_holds
from results.quality.services.holds import ResultsHeldError
from results.quality.services.measuring import evaluate_again
from results.quality.types import PlannedSlot, QcOutcome, SlotKind
from results.services.composition import compose_report
from results.services.entry import ResultStandsError
from results.services.signing import sign_conclusion
from tests.factories.people import make_organisation, make_person
from tests.factories.quality import (
    ITEM,
    METHOD,
    control,
    enter,
    enter_samples,
    holds_of,
    later,
    lift,
    lock,
    make_batch,
    make_lot,
    make_sets,
    verified,
)


def test_in_control_the_results_are_locked_as_ever(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code], control(make_lot(manager, lead.id, METHOD)))
    enter(team, batch, "未检出", "0.52")
    enter_samples(team, [made])
    assert [one.outcome for one in session.scalars(sa.select(QcVerdict))] == [QcOutcome.IN_CONTROL] * 2
    lock(team, made)
    assert verified(session) == [0, 0, 0, 0]


def test_results_are_not_locked_before_their_quality_control_is_entered(team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter_samples(team, [made])
    with pytest.raises(ResultsHeldError, match=rf"{batch.batch_no}.*not complete"):
        lock(team, made)
    enter(team, batch, "未检出")
    lock(team, made)


def test_a_warning_is_shown_and_holds_nothing(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code], control(make_lot(manager, lead.id, METHOD)))
    enter(team, batch, "未检出", "0.615")
    assert qc_cells(session, [batch.id])[1].verdict.outcome is QcOutcome.WARNING
    enter_samples(team, [made])
    lock(team, made)
    assert holds_of(session, batch) == []


def test_a_rejection_holds_every_sample_of_the_batch_until_another_person_lifts_it(session, team, manager, lead):
    sets = make_sets(team, 2)
    batch = make_batch(team, METHOD, [one.blind_code for one in sets], control(make_lot(manager, lead.id, METHOD)))
    enter(team, batch, "未检出", "0.70")
    enter_samples(team, sets)
    for made in sets:
        with pytest.raises(ResultsHeldError, match=rf"{ITEM}.*{batch.batch_no}.*held"):
            lock(team, made)
    [row] = list_open_holds(session, team.lab_id)
    assert (row.verdict.rules, row.verdict.figure) == (["1_3s", "1_2s"], Decimal("4.00"))
    assert count_open_holds(session, manager.actor) == 1
    lift(manager, row.hold.id)
    assert count_open_holds(session, manager.actor) == 0
    for made in sets:
        lock(team, made)
    assert verified(session) == [0, 0, 0, 0]


def test_a_hold_and_its_lifting_stand_in_the_ledger(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    [row] = holds_of(session, batch)
    lift(manager, row.hold.id, "空白瓶污染，重做空白后正常")
    told = [
        one["name"]
        for event in session.scalars(
            sa.select(LedgerEvent).where(LedgerEvent.chain == f"batch:{batch.id}").order_by(LedgerEvent.seq)
        )
        for one in json.loads(event.body)["facts"]
    ]
    assert told == ["results.results_held.v1", "results.hold_lifted.v1"]


@pytest.mark.parametrize("who", ["tester", "second_tester"])
def test_who_worked_on_a_batch_does_not_lift_its_hold(session, team, manager, lead, who):
    """Somebody who tests and reviews in one laboratory, be it only one sample of the batch."""
    both = make_person(team.lab_id, Role.TESTER, Role.REVIEWER)
    [made] = make_sets(team, 1)
    own = replace(team, tester=both)
    batch = make_batch(own if who == "tester" else team, METHOD, [made.blind_code])
    if who == "second_tester":
        enter_samples(own, [made])
    enter(own if who == "tester" else team, batch, "0.05")
    [row] = holds_of(session, batch)
    with pytest.raises(ForbiddenError, match="another person"):
        lift(both, row.hold.id)
    lift(manager, row.hold.id)


def test_a_lift_says_why_and_happens_once(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    [row] = holds_of(session, batch)
    with pytest.raises(InvalidInputError, match="why the results may be used"):
        lift(manager, row.hold.id, "  ")
    lift(manager, row.hold.id)
    with pytest.raises(ConflictError, match="lifted already"):
        lift(manager, row.hold.id)


def test_the_hold_of_another_laboratory_is_not_there(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    [row] = holds_of(session, batch)
    with pytest.raises(NotFoundError):
        lift(make_person(make_organisation(), Role.QUALITY_MANAGER), row.hold.id)


def test_correcting_what_was_rejected_lifts_nothing(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    with pytest.raises(ResultStandsError, match=r"0\.05"):
        enter(team, batch, "未检出")
    enter(team, batch, "未检出", reason="读数录错，见原始图谱")
    enter_samples(team, [made])
    with pytest.raises(ResultsHeldError):
        lock(team, made)
    assert qc_cells(session, [batch.id])[0].verdict.outcome is QcOutcome.IN_CONTROL


def test_a_rejection_after_the_lift_holds_again(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "0.05")
    lift(manager, holds_of(session, batch)[0].hold.id)
    enter(team, batch, "0.06", reason="复读")
    assert sorted(row.hold.lifted_at is None for row in holds_of(session, batch)) == [False, True]


def test_what_was_not_measured_is_held_with_its_reason(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    with pytest.raises(InvalidInputError, match="Say why"):
        enter(team, batch, "/")
    enter(team, batch, "/", reason="样品瓶破裂")
    assert holds_of(session, batch)[0].verdict.rules == ["not_measured"]


def test_a_duplicate_waits_for_its_sample_and_is_judged_with_it(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code], PlannedSlot(SlotKind.DUPLICATE, blind_code=made.blind_code))
    enter(team, batch, "未检出", "0.08")
    assert qc_cells(session, [batch.id])[1].verdict is None
    enter_samples(team, [made], "0.05")
    session.expire_all()
    verdict = qc_cells(session, [batch.id])[1].verdict
    assert (verdict.outcome, verdict.figure) == (QcOutcome.REJECTED, Decimal("46.15"))
    with pytest.raises(ResultsHeldError, match="held"):
        lock(team, made)


def test_a_duplicate_is_judged_again_when_its_sample_gets_another_result(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code], PlannedSlot(SlotKind.DUPLICATE, blind_code=made.blind_code))
    enter(team, batch, "未检出", "0.05")
    enter_samples(team, [made], "0.05")
    enter_samples(team, [made], "0.09", reason="稀释倍数漏乘")
    verdicts = session.scalars(sa.select(QcVerdict).where(QcVerdict.position == 2).order_by(QcVerdict.seq)).all()
    assert [one.outcome for one in verdicts] == [QcOutcome.IN_CONTROL, QcOutcome.REJECTED]
    assert verified(session) == [0, 0, 0, 0]


def test_judging_a_batch_again_changes_nothing(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code], control(make_lot(manager, lead.id, METHOD)))
    enter(team, batch, "未检出", "0.70")
    with unit_of_work(team.tester.actor) as uow:
        assert evaluate_again(uow, batch.batch_no) == 0
    assert len(holds_of(session, batch)) == 1


def test_measured_again_in_another_batch_the_samples_go_on_under_that_one(monkeypatch, session, team, lead):
    [made] = make_sets(team, 1)
    first = make_batch(team, METHOD, [made.blind_code])
    enter(team, first, "0.05")
    enter_samples(team, [made])
    later(monkeypatch, hours=3)
    second = make_batch(team, METHOD, [made.blind_code])
    enter(team, second, "未检出")
    with pytest.raises(ResultsHeldError, match=rf"{second.batch_no}.*not measured again"):
        lock(team, made)
    enter_samples(team, [made], "0.05", reason="空白超限，重测")
    lock(team, made)
    assert [row.hold.lifted_at for row in holds_of(session, first)] == [None]
    assert verified(session) == [0, 0, 0, 0]


def test_a_hold_that_comes_after_the_lock_keeps_the_report_from_being_composed(session, team, manager, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "未检出")
    enter_samples(team, [made])
    lock(team, made)
    enter(team, batch, "0.05", reason="积分有误，重新积分")
    with unit_of_work(team.signatory.actor) as uow, pytest.raises(ResultsHeldError, match="held"):
        compose_report(uow, made.blind_code)
    lift(manager, holds_of(session, batch)[0].hold.id)
    with unit_of_work(team.signatory.actor) as uow:
        compose_report(uow, made.blind_code)


def test_a_hold_that_comes_after_the_report_keeps_it_from_being_signed(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "未检出")
    enter_samples(team, [made])
    lock(team, made)
    with unit_of_work(team.signatory.actor) as uow:
        report = compose_report(uow, made.blind_code)
        report_id, sha256 = report.id, report.pdf_sha256
    enter(team, batch, "0.05", reason="积分有误，重新积分")
    with unit_of_work(team.signatory.actor) as uow, pytest.raises(ResultsHeldError, match="held"):
        sign_conclusion(uow, report_id, sha256, confirmed_at=uow.now)
