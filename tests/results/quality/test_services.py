"""Batches and lots, their charts, their entry, and what the database itself refuses."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lims import clock
from lims.actors import INSTALL
from lims.catalog.services import set_parameter
from lims.errors import ConfigurationError, ConflictError, InvalidInputError, NotFoundError
from lims.people.authorisations import NotAuthorisedError
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from results.quality.models import QcHold, QcResult
from results.quality.queries.batches import list_batches, qc_cells, waiting_lines, waiting_methods
from results.quality.queries.charts import chart_points, list_series
from results.quality.queries.holds import list_open_holds
from results.quality.services import batches
from results.quality.services.batches import open_batch
from results.quality.services.history import take_over_history
from results.quality.services.lots import note_lot, set_value, withdraw_lot
from results.quality.services.measuring import enter_qc, save_batch
from results.quality.types import LotKind, PastRun, PlannedSlot, QcEntry, QcOutcome, SlotKind
from results.queries import standing_results
from results.services.entry import EntriesRefusedError, ResultStandsError
from results.types import Entry
from tests.factories.people import authorise_only
from tests.factories.quality import (
    FAR_OFF,
    METHOD,
    control,
    enter,
    later,
    lift,
    line_of,
    make_batch,
    make_lot,
    make_quality_manager,
    make_sets,
    verified,
)
from tests.factories.results import make_entered_set, make_test_set
from tests.factories.sampling import make_team

# opening


def test_what_was_not_measured_yet_waits_by_its_method(session, team):
    made, other = make_sets(team, 2)
    waiting = {one.method: (one.sets, one.lines) for one in waiting_methods(session, team.lab_id)}
    assert waiting[METHOD] == (2, 2)
    make_batch(team, METHOD, [made.blind_code])
    assert [one.blind_code for one, _line in waiting_lines(session, team.lab_id, METHOD, [made.blind_code])] == []
    assert len(waiting_lines(session, team.lab_id, METHOD, [other.blind_code])) == 1


def test_what_was_measured_without_a_batch_waits_for_none(session, team):
    make_entered_set(team)
    assert waiting_methods(session, team.lab_id) == []


def test_what_a_control_has_to_meet_is_frozen_when_the_batch_is_opened(session, team, manager, lead):
    made = make_test_set(team)
    lot_id = make_lot(manager, lead.id, METHOD)
    batch = make_batch(
        team,
        METHOD,
        [made.blind_code],
        control(lot_id),
        PlannedSlot(SlotKind.DUPLICATE, blind_code=made.blind_code),
        PlannedSlot(SlotKind.SPIKE, blind_code=made.blind_code, added_text="50 μg/kg"),
    )
    with unit_of_work(manager.actor) as uow:
        set_value(uow, lot_id, lead.id, METHOD, target=Decimal("0.60"), deviation=Decimal("0.04"), unit="mg/kg")
    assert [cell.expected.criteria for cell in qc_cells(session, [batch.id])] == [
        {"kind": "blank", "limit": "0.04"},
        {"kind": "control", "target": "0.50", "deviation": "0.05"},
        {"kind": "duplicate", "most_percent": "20", "seen_from": "0.04"},
        {"kind": "spike", "added": "0.050", "low_percent": "60", "high_percent": "120"},
    ]


@pytest.mark.parametrize(
    ("added", "bounds"),
    [("0.0999 mg/kg", (60, 120)), ("0.1", (80, 110)), ("1", (90, 110)), ("100", (95, 105)), ("1 g/kg", (95, 105))],
)
def test_the_recovery_expected_depends_on_how_much_was_added(session, team, lead, added, bounds):
    made = make_test_set(team)
    batch = make_batch(
        team, METHOD, [made.blind_code], PlannedSlot(SlotKind.SPIKE, blind_code=made.blind_code, added_text=added)
    )
    spike = qc_cells(session, [batch.id])[-1].expected.criteria
    assert (Decimal(spike["low_percent"]), Decimal(spike["high_percent"])) == bounds


@pytest.mark.parametrize("added", ["", "many", "0", "未检出", "3 mg/L", "-1"])
def test_an_amount_that_cannot_have_been_added_is_refused(team, lead, added):
    made = make_test_set(team)
    spike = PlannedSlot(SlotKind.SPIKE, blind_code=made.blind_code, added_text=added)
    with pytest.raises(InvalidInputError) as refused:
        make_batch(team, METHOD, [made.blind_code], spike)
    assert refused.value.field == "added"


def test_a_batch_without_a_sample_is_refused(team, manager, lead):
    with pytest.raises(InvalidInputError, match="at least one sample"):
        make_batch(team, METHOD, [], control(make_lot(manager, lead.id, METHOD)))


def test_a_sample_that_does_not_wait_for_this_method_is_refused_by_its_code(team, lead):
    made = make_test_set(team)
    make_batch(team, METHOD, [made.blind_code])
    with pytest.raises(InvalidInputError, match=made.blind_code):
        make_batch(team, METHOD, [made.blind_code])


def test_a_duplicate_of_a_sample_outside_the_batch_is_refused(team, lead):
    made, other = make_sets(team, 2)
    with pytest.raises(InvalidInputError, match=other.blind_code):
        make_batch(team, METHOD, [made.blind_code], PlannedSlot(SlotKind.DUPLICATE, blind_code=other.blind_code))


def test_the_sample_of_another_laboratory_is_unknown(session, team, lead):
    other = make_team()
    with pytest.raises(InvalidInputError, match="waits to be measured"):
        make_batch(other, METHOD, [make_test_set(team).blind_code])


def test_an_expired_material_goes_into_no_batch_and_the_refusal_names_lot_and_day(monkeypatch, team, manager, lead):
    made = make_test_set(team)
    today = clock.local_date(clock.now())
    lot_id = make_lot(manager, lead.id, METHOD, expires_on=today)
    later(monkeypatch, days=1)
    with pytest.raises(ConflictError, match=rf"QC-1.*{today.isoformat()}"):
        make_batch(team, METHOD, [made.blind_code], control(lot_id))


def test_a_withdrawn_material_goes_into_no_batch(team, manager, lead):
    made = make_test_set(team)
    lot_id = make_lot(manager, lead.id, METHOD)
    with unit_of_work(manager.actor) as uow:
        withdraw_lot(uow, lot_id, "瓶盖松动")
    with pytest.raises(ConflictError, match="瓶盖松动"):
        make_batch(team, METHOD, [made.blind_code], control(lot_id))


def test_a_material_without_a_target_by_this_method_is_refused(team, manager, lead):
    made = make_test_set(team)
    lot_id = make_lot(manager, lead.id, "GB 5009.268")
    with pytest.raises(ConflictError, match=r"no target by GB 5009\.12"):
        make_batch(team, METHOD, [made.blind_code], control(lot_id))


def test_the_material_of_another_laboratory_is_not_there(team, lead):
    other = make_team()
    lot_id = make_lot(make_quality_manager(other), lead.id, METHOD)
    with pytest.raises(NotFoundError):
        make_batch(team, METHOD, [make_test_set(team).blind_code], control(lot_id))


def test_who_may_not_test_by_the_method_opens_no_batch_and_enters_nothing(team, manager, lead):
    made = make_test_set(team)
    batch = make_batch(team, METHOD, [made.blind_code])
    authorise_only(team.tester, AuthorisationKind.TEST, method_codes=["GB 5009.15"])
    with pytest.raises(NotAuthorisedError):
        make_batch(team, METHOD, [make_test_set(team).blind_code])
    with pytest.raises(NotAuthorisedError):
        enter(team, batch, "未检出")


# lots


def test_a_certified_material_has_its_certificate_and_its_bounds(team, manager, lead):
    with unit_of_work(manager.actor) as uow, pytest.raises(InvalidInputError, match="certificate"):
        note_lot(uow, kind=LotKind.REFERENCE, name="GBW", lot_no="1", expires_on=FAR_OFF)
    with unit_of_work(manager.actor) as uow:
        lot = note_lot(uow, kind=LotKind.REFERENCE, name="GBW", lot_no="1", expires_on=FAR_OFF, certificate_no="C1")
        figures = {"target": Decimal(1), "unit": "mg/kg"}
        with pytest.raises(InvalidInputError, match="both bounds"):
            set_value(uow, lot.id, lead.id, METHOD, deviation=Decimal(1), **figures)
        with pytest.raises(InvalidInputError, match="does not lie between"):
            set_value(uow, lot.id, lead.id, METHOD, low=Decimal(2), high=Decimal(3), **figures)


def test_a_control_has_a_standard_deviation(team, manager, lead):
    with unit_of_work(manager.actor) as uow:
        lot = note_lot(uow, kind=LotKind.CONTROL, name="质控样", lot_no="1", expires_on=FAR_OFF)
        for deviation in (None, Decimal(0)):
            with pytest.raises(InvalidInputError, match="standard deviation above 0"):
                set_value(uow, lot.id, lead.id, METHOD, target=Decimal(1), deviation=deviation, unit="mg/kg")


def test_the_same_lot_is_noted_once(team, manager, lead):
    make_lot(manager, lead.id, METHOD)
    with pytest.raises(ConflictError, match="noted already"):
        make_lot(manager, lead.id, METHOD)


# charts


def run_control(team, lot_id, text):
    made = make_test_set(team)
    batch = make_batch(team, METHOD, [made.blind_code], control(lot_id))
    enter(team, batch, "未检出", text)
    return batch


def outcome_of(session, batch):
    verdict = qc_cells(session, [batch.id])[1].verdict
    return verdict.outcome, tuple(verdict.rules)


def test_a_chart_goes_on_from_run_to_run(monkeypatch, session, team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    assert outcome_of(session, run_control(team, lot_id, "0.61")) == (QcOutcome.WARNING, ("1_2s",))
    later(monkeypatch, days=1)
    assert outcome_of(session, run_control(team, lot_id, "0.62")) == (QcOutcome.REJECTED, ("2_2s", "1_2s"))


def test_a_lifted_hold_begins_the_chart_anew(monkeypatch, session, team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    for _ in range(4):
        batch = run_control(team, lot_id, "0.56")
        later(monkeypatch, days=1)
    assert outcome_of(session, batch) == (QcOutcome.REJECTED, ("4_1s",))
    again = run_control(team, lot_id, "0.56")
    assert outcome_of(session, again) == (QcOutcome.REJECTED, ("4_1s",))
    for row in list_open_holds(session, team.lab_id):
        lift(manager, row.hold.id)
    later(monkeypatch, days=1)
    assert outcome_of(session, run_control(team, lot_id, "0.56")) == (QcOutcome.IN_CONTROL, ())
    assert verified(session) == [0, 0, 0, 0]


def test_whether_4_1s_rejects_is_a_parameter_of_the_day(monkeypatch, session, team, manager, lead):
    with unit_of_work(INSTALL) as uow:
        today = clock.local_date(clock.now())
        set_parameter(uow, "qc_rule_4_1s", Decimal(0), valid_from=today, source="质量手册", reason="不采用")
    lot_id = make_lot(manager, lead.id, METHOD)
    for _ in range(4):
        batch = run_control(team, lot_id, "0.56")
        later(monkeypatch, days=1)
    assert outcome_of(session, batch) == (QcOutcome.IN_CONTROL, ())


def test_the_chart_of_another_lot_is_another_chart(monkeypatch, session, team, manager, lead):
    for lot_no in ("QC-1", "QC-2"):
        batch = run_control(team, make_lot(manager, lead.id, METHOD, lot_no=lot_no), "0.62")
        assert outcome_of(session, batch) == (QcOutcome.WARNING, ("1_2s",))
        later(monkeypatch, days=1)
    charts = [(one.kind, one.lot.lot_no if one.lot else None, one.points) for one in list_series(session, team.lab_id)]
    assert charts == [(SlotKind.BLANK, None, 2), (SlotKind.CONTROL, "QC-1", 1), (SlotKind.CONTROL, "QC-2", 1)]


def test_a_chart_shows_what_was_corrected_once(session, team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    batch = run_control(team, lot_id, "0.70")
    enter(team, batch, None, "0.50", reason="读数录错")
    shown = chart_points(session, team.lab_id, kind=SlotKind.CONTROL, method=METHOD, item_id=lead.id, lot_id=lot_id)
    assert [point.result.entered_text for point in shown] == ["0.50"]


# entry


def test_a_result_of_quality_control_in_another_kind_of_unit_is_refused(team, lead):
    batch = make_batch(team, METHOD, [make_test_set(team).blind_code])
    with pytest.raises(InvalidInputError, match="3 mg/L"):
        enter(team, batch, "3 mg/L")


def test_what_is_wrong_with_several_cells_is_told_together_and_nothing_is_entered(session, team, lead):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    line = line_of(made)
    with pytest.raises(EntriesRefusedError) as refused, unit_of_work(team.tester.actor) as uow:
        save_batch(
            uow,
            batch.batch_no,
            {made.blind_code: [Entry(line.line.id, "合格")]},
            [QcEntry(1, line.item.id, "good")],
        )
    assert set(refused.value.problems) == {str(line.line.id), f"1-{line.item.id}"}
    assert session.scalars(sa.select(QcResult)).all() == []
    assert standing_results(session, made.id) == {}


def test_somebody_elses_result_is_not_replaced_unseen(session, team, lead):
    batch = make_batch(team, METHOD, [make_test_set(team).blind_code])
    enter(team, batch, "未检出")
    entry = QcEntry(1, lead.id, "0.01", "重读", seen_version=0)
    with unit_of_work(team.tester.actor) as uow, pytest.raises(ResultStandsError, match="未检出"):
        enter_qc(uow, batch.batch_no, [entry])


def test_a_list_tells_what_is_missing_and_what_is_held(session, team, lead):
    sets = make_sets(team, 2)
    first = make_batch(team, METHOD, [sets[0].blind_code])
    make_batch(team, METHOD, [sets[1].blind_code])
    enter(team, first, "0.05")
    rows = {
        row.batch.batch_no: (row.samples, row.missing, row.open_holds) for row in list_batches(session, team.lab_id)
    }
    assert sorted(rows.values()) == [(1, 0, 1), (1, 1, 0)]
    assert [row.batch.id for row in list_batches(session, team.lab_id, only_held=True)] == [first.id]


# what the database itself refuses


def test_the_database_lets_nobody_lift_their_own_hold(session, team, lead):
    batch = make_batch(team, METHOD, [make_test_set(team).blind_code])
    enter(team, batch, "0.05")
    own = sa.update(QcHold).values(
        lifted_by_id=team.tester.person_id, lifted_at=clock.now() + timedelta(hours=1), lift_reason="ok"
    )
    with pytest.raises(IntegrityError, match="ck_qc_hold_two_people"):
        session.execute(own)


def test_a_parameter_that_is_not_in_force_is_never_guessed(monkeypatch, team, lead):
    [made] = make_sets(team, 1)
    monkeypatch.setattr(batches, "parameters_in_force", lambda *_: {})
    with pytest.raises(ConfigurationError, match="qc_duplicate_percent"):
        make_batch(team, METHOD, [made.blind_code], PlannedSlot(SlotKind.DUPLICATE, blind_code=made.blind_code))


def test_too_many_positions_are_refused(team, lead):
    [made] = make_sets(team, 1)
    slots = [PlannedSlot(SlotKind.BLANK)] * 400 + [PlannedSlot(SlotKind.SAMPLE, blind_code=made.blind_code)]
    with unit_of_work(team.tester.actor) as uow, pytest.raises(InvalidInputError, match=r"401.*400"):
        open_batch(uow, METHOD, slots)


# the time before this program


def past(lot_id, *texts, days=1):
    """Runs of one control, the last of them yesterday."""
    return [
        PastRun(clock.now() - timedelta(days=days * (len(texts) - place)), {lot_id: text})
        for place, text in enumerate(texts)
    ]


def take_over(manager, lead, runs):
    with unit_of_work(manager.actor) as uow:
        return [
            (one.outcome, tuple(one.rules)) for one in take_over_history(uow, METHOD, lead.id, runs, "由旧台账转入")
        ]


def test_a_chart_goes_on_from_what_was_taken_over(session, team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    judged = take_over(manager, lead, past(lot_id, "0.70", "0.50", "0.61"))
    assert judged == [
        (QcOutcome.REJECTED, ("1_3s", "1_2s")),
        (QcOutcome.IN_CONTROL, ()),
        (QcOutcome.WARNING, ("1_2s",)),
    ]
    assert list_open_holds(session, team.lab_id) == []
    assert outcome_of(session, run_control(team, lot_id, "0.62")) == (QcOutcome.REJECTED, ("2_2s", "1_2s"))
    assert verified(session) == [0, 0, 0, 0]


@pytest.mark.parametrize("text", ["未检出", "0.5 mg/L", "high"])
def test_what_is_taken_over_has_figures(team, manager, lead, text):
    with pytest.raises(InvalidInputError):
        take_over(manager, lead, past(make_lot(manager, lead.id, METHOD), text))


def test_what_is_taken_over_is_past_and_in_order(team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    first, second = past(lot_id, "0.5", "0.5")
    for runs in ([second, first], [replace(first, at=clock.now())]):
        with pytest.raises(InvalidInputError, match="order of time"):
            take_over(manager, lead, runs)


def test_a_chart_that_has_begun_takes_nothing_over(team, manager, lead):
    lot_id = make_lot(manager, lead.id, METHOD)
    run_control(team, lot_id, "0.50")
    with pytest.raises(ConflictError, match="begun already"):
        take_over(manager, lead, past(lot_id, "0.50"))
