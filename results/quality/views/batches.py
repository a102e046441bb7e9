"""Batches: opening one, typing its results from the keyboard, and what quality control holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from instruments.queries import control_readings, readings_of_codes
from lims import clock
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people.queries import person_names
from lims.uow import UnitOfWork, unit_of_work
from lims.web.acts import carry_out
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from results.quality import words
from results.quality.forms import BatchForm, ReasonForm
from results.quality.models import Batch, BatchSlot
from results.quality.queries import batches as queries
from results.quality.queries.holds import HoldRow, bench_people, list_holds, list_open_holds, results_affected
from results.quality.queries.lots import usable_lots
from results.quality.services.batches import open_batch
from results.quality.services.holds import lift_hold
from results.quality.services.measuring import evaluate_again, save_batch
from results.quality.types import QcEntry
from results.services.entry import EntriesRefusedError
from results.types import Entry, TestSetState

bp = Blueprint("batches", __name__, url_prefix="/quality/batches")

MAX_TEXT = 400
NOT_TESTED = "/"
MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the grid: one item in one position, of a sample or of quality control.

    Attributes:
        name: under which its fields and what is wrong with them go.
        label: what stands on the vial, as an instrument names it.
        is_open: whether a result is taken here.
        stands: the text of the result that stands; empty where it is to be measured again.
    """

    position: int
    name: str
    label: str
    item: Any
    unit: str
    is_open: bool
    stands: str
    version: int
    sample: queries.SampleCell | None = None
    control: queries.QcCell | None = None
    is_again: bool = False


@bp.route("/")
@requires("results.batch")
def index() -> ResponseReturnValue:
    """The batches of one's laboratory, what is held, and what waits for a batch."""
    lab_id = current_actor().require_organisation()
    show = "held" if request.args.get("show") == "held" else "all"
    found = queries.list_batches(
        db.session,
        lab_id,
        after=read_cursor(request.args.get("after"), field="after"),
        limit=queries.PAGE + 1,
        only_held=show == "held",
    )
    rows, more = page_of(found, queries.PAGE, lambda row: (row.batch.opened_at, row.batch.id))
    return render_template(
        "results/quality/batches.html",
        show=show,
        rows=rows,
        more=more,
        holds=list_open_holds(db.session, lab_id),
        words=words,
    )


@bp.route("/waiting")
@requires("results.test")
def waiting() -> ResponseReturnValue:
    """What was not measured yet, by method; a batch is opened from here."""
    found = queries.waiting_methods(db.session, current_actor().require_organisation())
    return render_template("results/quality/waiting.html", waiting=found)


@bp.route("/new", methods=["GET", "POST"])
@requires("results.test")
def create() -> ResponseReturnValue:
    """Open a batch of the samples that wait for one method."""
    lab_id = current_actor().require_organisation()
    method = request.args.get("method", "").replace("\0", "")
    sets = queries.waiting_sets(db.session, lab_id, method)
    if not sets:
        raise NotFoundError
    lots = usable_lots(db.session, lab_id, method, clock.local_date(clock.now()))
    form = BatchForm()
    form.offer(sets, lots)
    if not form.is_submitted():
        form.samples.data = [one.test_set.blind_code for one in sets[: 2 * queries.PAGE]]
        form.lots.data = [str(one.lot.id) for one in lots]
    made: list[str] = []
    status = carry_out(
        form, lambda uow: made.append(open_batch(uow, method, form.planned(lots), form.note.data or "").batch_no)
    )
    if status == HTTPStatus.SEE_OTHER:
        flash(_("The batch is open. Label the vials as its positions are numbered."), "success")
        return redirect(url_for(".detail", batch_no=made[0]), status)
    return render_template("results/quality/new_batch.html", form=form, method=method, sets=sets, lots=lots), status


@bp.route("/<batch_no>", methods=["GET", "POST"])
@requires("results.batch")
def detail(batch_no: str) -> ResponseReturnValue:
    """A batch with the grid that its results are typed into; a POST saves what was typed."""
    batch = queries.get_batch(db.session, current_actor().require_organisation(), batch_no)
    rows = _rows(batch)
    if request.method == "GET":
        return _page(batch, rows)
    if not current_actor().may("results.test"):
        raise NotFoundError
    samples, controls = _entries(batch, rows)
    if not samples and not controls:
        flash(_("Nothing was typed that is not saved."), "info")
        return redirect(url_for(".detail", batch_no=batch_no), 303)
    try:
        with unit_of_work(current_actor()) as uow:
            written = save_batch(uow, batch_no, samples, controls)
    except NotFoundError:
        raise
    except LimsError as refusal:
        db.session.expire_all()
        return _page(batch, _rows(batch), refusal), int(refusal.status)
    flash(_("%(count)s results saved and judged.", count=written), "success")
    return redirect(url_for(".detail", batch_no=batch_no), 303)


@bp.route("/<batch_no>/evaluate", methods=["POST"])
@requires("results.batch")
def evaluate(batch_no: str) -> ResponseReturnValue:
    """Judge again what is held against results that changed since."""
    with unit_of_work(current_actor()) as uow:
        count = evaluate_again(uow, batch_no)
    flash(_("%(count)s results judged again.", count=count), "success")
    return redirect(url_for(".detail", batch_no=batch_no), 303)


@bp.route("/<batch_no>/holds/<uuid:hold_id>", methods=["GET", "POST"])
@requires("results.lift_hold")
def lift(batch_no: str, hold_id: UUID) -> ResponseReturnValue:
    """Lift a hold with a reason, as somebody who did not work on the batch."""
    batch = queries.get_batch(db.session, current_actor().require_organisation(), batch_no)
    row = _hold(batch, hold_id)
    form = ReasonForm()
    status = carry_out(form, lambda uow: _lift(uow, hold_id, form.reason.data or ""))
    if status == HTTPStatus.SEE_OTHER:
        flash(_("Lifted. The results of this item may be locked."), "success")
        return redirect(url_for(".detail", batch_no=batch_no), status)
    cells = [
        cell
        for cell in queries.qc_cells(db.session, [batch.id])
        if cell.item.id == row.item.id and cell.verdict is not None
    ]
    return render_template(
        "results/quality/lift.html",
        form=form,
        batch=batch,
        row=row,
        cells=cells,
        affected=results_affected(db.session, row.hold),
        words=words,
    ), status


def _lift(uow: UnitOfWork, hold_id: UUID, reason: str) -> None:
    uow.reason = reason.strip() or None
    lift_hold(uow, hold_id, reason)


def _hold(batch: Batch, hold_id: UUID) -> HoldRow:
    for row in list_holds(db.session, batch.id):
        if row.hold.id == hold_id and row.hold.lifted_at is None:
            return row
    raise NotFoundError


def _rows(batch: Batch) -> list[Row]:
    """The grid in the order of the positions."""
    rows = [
        Row(
            position=cell.position,
            name=str(cell.line.id),
            label=cell.test_set.blind_code,
            item=cell.item,
            unit=cell.line.unit or cell.line.limit_unit,
            is_open=cell.test_set.state in {TestSetState.OPEN, TestSetState.TESTING},
            stands=cell.result.entered_text if cell.result and not _is_older(cell, batch) else "",
            version=cell.result.version if cell.result else 0,
            sample=cell,
            is_again=_is_older(cell, batch),
        )
        for cell in queries.sample_cells(db.session, batch.id)
    ]
    rows += [
        Row(
            position=cell.slot.position,
            name=f"{cell.slot.position}-{cell.item.id}",
            label=vial_of(batch, cell.slot),
            item=cell.item,
            unit=cell.expected.unit,
            is_open=True,
            stands=cell.result.entered_text if cell.result else "",
            version=cell.result.version if cell.result else 0,
            control=cell,
        )
        for cell in queries.qc_cells(db.session, [batch.id])
    ]
    return sorted(rows, key=lambda row: row.position)


def _is_older(cell: queries.SampleCell, batch: Batch) -> bool:
    """Whether the result that stands was found before this batch was measured."""
    return cell.result is not None and cell.result.entered_at < batch.opened_at


def vial_of(batch: Batch, slot: BatchSlot) -> str:
    """What stands on the vial of a control, and an instrument sends as its sample."""
    return f"{batch.batch_no}-{slot.position:02d}"


def _entries(batch: Batch, rows: Sequence[Row]) -> tuple[dict[str, list[Entry]], list[QcEntry]]:
    """What was typed and differs from what stands."""
    samples: dict[str, list[Entry]] = {}
    controls: list[QcEntry] = []
    for row in rows:
        text, reason = _typed("result", row), _typed("reason", row)
        if not row.is_open or f"result-{row.name}" not in request.form or text == row.stands:
            continue
        seen = _typed("seen", row)
        version = int(seen) if seen.isdecimal() and len(seen) <= MAX_DIGITS else None
        if row.control is not None:
            reading = _typed("reading", row)
            controls.append(
                QcEntry(row.position, row.item.id, text, reason or None, _uuid(reading), seen_version=version)
            )
        elif row.sample is not None:
            again = _("Measured again in %(batch)s", batch=batch.batch_no) if row.is_again else ""
            samples.setdefault(row.sample.test_set.blind_code, []).append(
                Entry(
                    row.sample.line.id,
                    text,
                    reason=reason or again or None,
                    untested_reason=(reason or None) if text == NOT_TESTED else None,
                    seen_version=version,
                )
            )
    return samples, controls


def _typed(what: str, row: Row) -> str:
    return request.form.get(f"{what}-{row.name}", "").replace("\0", "").strip()[: MAX_TEXT + 1]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page(batch: Batch, rows: list[Row], refusal: LimsError | None = None) -> str:
    problems: Mapping[str, str] = {}
    if isinstance(refusal, EntriesRefusedError):
        problems = refusal.facts["lines"]
    elif refusal is not None and refusal.field is not None:
        problems = {refusal.field: str(refusal)}
    holds = list_holds(db.session, batch.id)
    entered = {row.control.result.entered_by_id for row in rows if row.control and row.control.result}
    may_enter = current_actor().may("results.test")
    return render_template(
        "results/quality/batch.html",
        names=bilingual,
        words=words,
        batch=batch,
        rows=rows,
        holds=holds,
        held={row.item.id for row in holds if row.hold.lifted_at is None},
        may_lift=current_actor().may("results.lift_hold")
        and current_actor().person_id not in bench_people(db.session, batch.id),
        may_enter=may_enter,
        is_stale=any(row.control and row.control.result and not row.control.is_settled for row in rows),
        problems=problems,
        refusal=refusal if refusal is not None and not problems else None,
        typed=request.form,
        readings=_readings(batch, rows) if may_enter else [],
        people=person_names(db.session, entered | {batch.opened_by_id}),
        draft=f"batch-{batch.batch_no}-{sum(row.version for row in rows)}",
    )


def _readings(batch: Batch, rows: Sequence[Row]) -> list[Any]:
    """What instruments gave for the samples and the controls of a batch."""
    codes = {row.label for row in rows if row.sample is not None}
    vials = {row.label for row in rows if row.control is not None}
    return [
        *control_readings(db.session, batch.lab_id, vials),
        *readings_of_codes(db.session, codes),
    ]
