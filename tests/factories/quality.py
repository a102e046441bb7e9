"""Control materials and batches."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from lims import clock
from lims.auth.permissions import Role
from lims.db import db
from lims.uow import unit_of_work
from results.quality.models import Batch
from results.quality.queries.batches import qc_cells
from results.quality.queries.holds import list_holds
from results.quality.services.batches import open_batch
from results.quality.services.holds import lift_hold
from results.quality.services.lots import note_lot, set_value
from results.quality.services.measuring import enter_qc
from results.quality.types import LotKind, PlannedSlot, QcEntry, SlotKind
from results.quality.verification import CHECKS
from results.queries import list_lines
from results.services.entry import enter_results
from results.services.review import lock_results
from results.types import Entry, LimitState
from tests.factories.people import Somebody, make_person
from tests.factories.results import STATED, bear_out, make_test_set
from tests.factories.sampling import Team

FAR_OFF = date(2030, 1, 1)
METHOD, ITEM = "GB 5009.12", "铅（以Pb计）"  # lead: one line of every leek, with LOD and LOQ


def make_quality_manager(team: Team) -> Somebody:
    """Who keeps the control materials and lifts holds."""
    return make_person(team.lab_id, Role.QUALITY_MANAGER)


def make_lot(
    manager: Somebody, item_id: UUID, method: str, *, target: str = "0.50", deviation: str = "0.05", **changed: object
) -> UUID:
    """A control with a target for one item."""
    described = {"kind": LotKind.CONTROL, "name": "质控样", "lot_no": "QC-1", "expires_on": FAR_OFF} | changed
    is_reference = described["kind"] is LotKind.REFERENCE
    bounds = {"low": Decimal("0.45"), "high": Decimal("0.55")} if is_reference else {"deviation": Decimal(deviation)}
    with unit_of_work(manager.actor) as uow:
        lot = note_lot(uow, **described)
        set_value(uow, lot.id, item_id, method, target=Decimal(target), unit="mg/kg", **bounds)
        return lot.id


def make_batch(team: Team, method: str, codes: list[str], *controls: PlannedSlot) -> Batch:
    """A batch of these samples with a blank and whatever else controls it."""
    slots = [
        PlannedSlot(SlotKind.BLANK),
        *controls,
        *(PlannedSlot(SlotKind.SAMPLE, blind_code=code) for code in codes),
    ]
    with unit_of_work(team.tester.actor) as uow:
        made = open_batch(uow, method, slots)
        uow.session.flush()
        uow.session.expunge(made)
        return made


def make_sets(team: Team, count: int) -> list:
    """So many worklists of one laboratory."""
    return [make_test_set(team) for _ in range(count)]


def line_of(made):
    """The line of lead."""
    with db.new_session() as session:
        return next(one for one in list_lines(session, made.id) if one.item.name_zh == ITEM)


def control(lot_id):
    """A position with this material."""
    return PlannedSlot(SlotKind.CONTROL, lot_id=lot_id)


def enter(team, batch, *texts, reason=None, by=None):
    """The controls of a batch in the order of their positions."""
    with unit_of_work((by or team.tester).actor) as uow:
        cells = qc_cells(uow.session, [batch.id])
        entries = [
            QcEntry(cell.slot.position, cell.item.id, text, reason)
            for cell, text in zip(cells, texts, strict=True)
            if text is not None
        ]
        enter_qc(uow, batch.batch_no, entries)


def enter_samples(team, sets, text="0.05", *, reason=None):
    """Lead of each worklist, and everything else of it where nothing stands yet."""
    for made in sets:
        with unit_of_work(team.tester.actor) as uow:
            entries = []
            for one in list_lines(uow.session, made.id):
                if one.item.name_zh == ITEM:
                    entries.append(Entry(one.line.id, text, reason))
                elif one.result is None:
                    plain = STATED if one.line.lod is None else "未检出"
                    is_judged = one.line.limit_state is LimitState.FOUND
                    entries.append(
                        Entry(one.line.id, plain)
                        if is_judged
                        else Entry(one.line.id, "/", untested_reason="限量未载入")
                    )
            enter_results(uow, made.blind_code, entries)


def lock(team, made):
    """The reviewer fixes a worklist, whose fails were tested again."""
    bear_out(team, made)
    with unit_of_work(team.reviewer.actor) as uow:
        return lock_results(uow, made.blind_code)


def lift(somebody, hold_id, reason="标准溶液浓度录入错误，已复核曲线，样品结果不受影响"):
    """Somebody lets held results go on."""
    with unit_of_work(somebody.actor) as uow:
        lift_hold(uow, hold_id, reason)


def holds_of(session, batch):
    """The holds of a batch as the database has them now."""
    session.expire_all()
    return list_holds(session, batch.id)


def verified(session):
    """How many violations each check of quality control finds."""
    return [finding.violations for finding in (check(session) for check in CHECKS)]


def later(monkeypatch, **passed):
    """Let time pass for whatever follows."""
    then = clock.now() + timedelta(**passed)
    monkeypatch.setattr(clock, "now", lambda: then)
