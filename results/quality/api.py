"""Quality control as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.auth.permissions import requires
from lims.catalog.models import TestItem
from lims.catalog.queries import items_by_code
from lims.db import db
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor
from lims.web.paging import PAGE, CursorIn, list_answer, page_of, read_cursor
from results.quality.models import Batch
from results.quality.queries import batches as queries
from results.quality.queries.holds import list_holds, list_open_holds
from results.quality.queries.lots import get_lot, list_lots, values_of_lot
from results.quality.schemas import (
    BatchesOut,
    BatchIn,
    HistoryIn,
    HistoryOut,
    LiftIn,
    LotIn,
    LotOut,
    LotsOut,
    OneBatchOut,
    OneLotOut,
    QcEntriesIn,
    QcHoldsOut,
    ValueIn,
)
from results.quality.services.batches import open_batch
from results.quality.services.history import take_over_history
from results.quality.services.holds import lift_hold
from results.quality.services.lots import note_lot, set_value, withdraw_lot
from results.quality.services.measuring import enter_qc
from results.quality.types import PastRun, PlannedSlot, QcEntry, QcOutcome

blp = ApiBlueprint("quality_api", __name__, url_prefix="/api/v1", description="Quality control")


def _lab() -> UUID:
    return current_actor().require_organisation()


def _lot(session: Session, lot_id: UUID) -> dict[str, Any]:
    lot = get_lot(session, _lab(), lot_id)
    return {name: getattr(lot, name) for name in LotOut().fields} | {"values": values_of_lot(session, lot_id)}


def _batch(session: Session, batch_no: str) -> dict[str, Any]:
    batch = queries.get_batch(session, _lab(), batch_no)
    codes = dict.fromkeys(cell.test_set.blind_code for cell in queries.sample_cells(session, batch.id))
    return {
        "batch": batch,
        "blind_codes": list(codes),
        "controls": queries.qc_cells(session, [batch.id]),
        "holds": list_holds(session, batch.id),
    }


def _item(session: Session, code: str, field: str) -> TestItem:
    """An item by its code.

    Raises:
        InvalidInputError: there is none.
    """
    found = items_by_code(session, [code]).get(code)
    if found is None:
        raise InvalidInputError(_l("There is no test item %(code)s.", code=code), field=field)
    return found


@blp.route("/control-lots", methods=["GET"])
@requires("results.batch")
@blp.response(200, LotsOut)
@blp.refuses(*READS)
def list_control_lots() -> Any:
    """The control materials of one's laboratory, those in use first."""
    return {"items": list_lots(db.session, _lab())}


@blp.route("/control-lots", methods=["POST"])
@requires("results.control_material")
@blp.arguments(LotIn)
@blp.response(201, OneLotOut)
@blp.refuses(*WRITES)
def create_control_lot(body: Mapping[str, Any]) -> Any:
    """Note a lot of a control material."""
    with unit_of_work(current_actor()) as uow:
        lot = note_lot(uow, **body)
        return answer(uow, OneLotOut().dump(_lot(uow.session, lot.id)))


@blp.route("/control-lots/<uuid:lot_id>", methods=["GET"])
@requires("results.batch")
@blp.response(200, OneLotOut)
@blp.refuses(*READS)
def get_control_lot(lot_id: UUID) -> Any:
    """One lot with its targets."""
    return _lot(db.session, lot_id)


@blp.route("/control-lots/<uuid:lot_id>/values", methods=["POST"])
@requires("results.control_material")
@blp.arguments(ValueIn)
@blp.response(201, OneLotOut)
@blp.refuses(*WRITES)
def create_control_value(body: Mapping[str, Any], lot_id: UUID) -> Any:
    """Say what a lot should give for one item by one method."""
    figures = {name: body[name] for name in ("target", "deviation", "low", "high", "unit")}
    with unit_of_work(current_actor()) as uow:
        item = _item(uow.session, body["item_code"], "item_code")
        set_value(uow, lot_id, item.id, body["method"], **figures)
        return answer(uow, OneLotOut().dump(_lot(uow.session, lot_id)))


@blp.route("/control-lots/<uuid:lot_id>/withdrawal", methods=["POST"])
@requires("results.control_material")
@blp.arguments(LiftIn)
@blp.response(201, OneLotOut)
@blp.refuses(*WRITES)
def create_withdrawal(body: Mapping[str, Any], lot_id: UUID) -> Any:
    """Take a lot out of use before it expires."""
    with unit_of_work(current_actor()) as uow:
        withdraw_lot(uow, lot_id, body["reason"])
        return answer(uow, OneLotOut().dump(_lot(uow.session, lot_id)))


@blp.route("/control-history", methods=["POST"])
@requires("results.control_material")
@blp.arguments(HistoryIn)
@blp.response(201, HistoryOut)
@blp.refuses(*WRITES)
def create_history(body: Mapping[str, Any]) -> Any:
    """Take over control values of the time before this program."""
    runs = [PastRun(run["at"], {one["lot_id"]: one["text"] for one in run["values"]}) for run in body["runs"]]
    with unit_of_work(current_actor()) as uow:
        item = _item(uow.session, body["item_code"], "item_code")
        verdicts = take_over_history(uow, body["method"], item.id, runs, body["note"])
        counted = Counter(one.outcome.value for one in verdicts)
        return answer(uow, HistoryOut().dump({outcome.value: counted[outcome.value] for outcome in QcOutcome}))


@blp.route("/batches", methods=["GET"])
@requires("results.batch")
@blp.arguments(CursorIn, location="query")
@blp.response(200, BatchesOut)
@blp.refuses(*READS)
def list_all_batches(asked: Mapping[str, Any]) -> Any:
    """The batches of one's laboratory, the newest first."""
    rows = queries.list_batches(db.session, _lab(), after=read_cursor(asked["cursor"]), limit=PAGE + 1)
    return list_answer(page_of(rows, PAGE, lambda row: (row.batch.opened_at, row.batch.id)))


@blp.route("/batches", methods=["POST"])
@requires("results.test")
@blp.arguments(BatchIn)
@blp.response(201, OneBatchOut)
@blp.refuses(*WRITES)
def create_batch(body: Mapping[str, Any]) -> Any:
    """Open a batch, its positions in the order given."""
    slots = [PlannedSlot(one["kind"], one["blind_code"], one["lot_id"], one["added"]) for one in body["slots"]]
    with unit_of_work(current_actor()) as uow:
        batch = open_batch(uow, body["method"], slots, body["note"])
        return answer(uow, OneBatchOut().dump(_batch(uow.session, batch.batch_no)))


@blp.route("/batches/<batch_no>", methods=["GET"])
@requires("results.batch")
@blp.response(200, OneBatchOut)
@blp.refuses(*READS)
def get_one_batch(batch_no: str) -> Any:
    """A batch with its quality control and its holds."""
    return _batch(db.session, batch_no)


@blp.route("/batches/<batch_no>/controls", methods=["POST"])
@requires("results.test")
@blp.arguments(QcEntriesIn)
@blp.response(201, OneBatchOut)
@blp.refuses(*WRITES)
def create_controls(body: Mapping[str, Any], batch_no: str) -> Any:
    """Enter results of quality control; judged at once. Results of samples go to their worklists."""
    with unit_of_work(current_actor()) as uow:
        known = items_by_code(uow.session, {one["item_code"] for one in body["entries"]})
        entries = [
            QcEntry(
                item_id=(known.get(one["item_code"]) or _item(uow.session, one["item_code"], "entries")).id,
                **{each.name: one[each.name] for each in fields(QcEntry) if each.name in one},
            )
            for one in body["entries"]
        ]
        enter_qc(uow, batch_no, entries)
        return answer(uow, OneBatchOut().dump(_batch(uow.session, batch_no)))


@blp.route("/holds", methods=["GET"])
@requires("results.batch")
@blp.response(200, QcHoldsOut)
@blp.refuses(*READS)
def list_holds_here() -> Any:
    """What quality control holds in one's laboratory, the oldest first."""
    return {"items": list_open_holds(db.session, _lab())}


@blp.route("/holds/<uuid:hold_id>/lift", methods=["POST"])
@requires("results.lift_hold")
@blp.arguments(LiftIn)
@blp.response(201, OneBatchOut)
@blp.refuses(*WRITES)
def create_lift(body: Mapping[str, Any], hold_id: UUID) -> Any:
    """Lift a hold, as somebody who did not work on the batch."""
    with unit_of_work(current_actor(), reason=body["reason"]) as uow:
        hold = lift_hold(uow, hold_id, body["reason"])
        batch = uow.session.get_one(Batch, hold.batch_id)
        return answer(uow, OneBatchOut().dump(_batch(uow.session, batch.batch_no)))
