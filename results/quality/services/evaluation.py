"""Judging the quality control of a batch, and holding what it rejects."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.catalog.parameters import parameters_in_force
from lims.clock import local_date
from lims.quantities import parse_unit
from lims.uow import UnitOfWork
from results.models import ItemResult
from results.quality.events import ResultsHeld
from results.quality.models import Batch, QcHold, QcVerdict
from results.quality.queries.batches import QcCell, compared_batches, qc_cells, sample_cells
from results.quality.queries.charts import earlier_runs
from results.quality.queries.holds import open_items
from results.quality.rules.evaluation import evaluate, z_of
from results.quality.rules.stored import case_to_json, criteria_from_json
from results.quality.rules.westgard import ALWAYS
from results.quality.types import (
    ControlChart,
    ControlCriteria,
    ControlPoint,
    QcCase,
    QcOutcome,
    SlotKind,
    WestgardRule,
)
from results.rules.findings import parse_finding
from results.rules.stored import from_json
from results.types import Finding

NOT_MEASURED = "/"
# 4_1s and 10_x tell of slow drifts; whether a laboratory rejects by them is a rule parameter of the day.
CHOSEN = {WestgardRule.FOUR_1S: "qc_rule_4_1s", WestgardRule.TEN_X: "qc_rule_10_x"}
Compared = Mapping[tuple[UUID, UUID], ItemResult]


def evaluate_batches_of(uow: UnitOfWork, set_ids: Collection[UUID]) -> None:
    """Judge again what is held against the results of samples: duplicates and spikes. Cheap where there are none.

    Emits: ResultsHeld, as `evaluate_batch`.
    """
    for batch in compared_batches(uow.session, set_ids):
        uow.session.refresh(batch, with_for_update=True)
        evaluate_batch(uow, batch)


def evaluate_batch(uow: UnitOfWork, batch: Batch) -> list[QcVerdict]:
    """Judge every result of quality control of a batch; returns what is new, nothing the second time.

    A duplicate or a spike waits for the result of its sample. A rejection holds the item in this batch, once; a hold
    stays until somebody lifts it, whatever is corrected afterwards.

    Emits: ResultsHeld.
    """
    cells = [cell for cell in qc_cells(uow.session, [batch.id]) if cell.result is not None]
    compared = _compared(uow.session, batch, cells)
    charts = _charts(uow, batch, cells)
    new: list[QcVerdict] = []
    for cell in cells:
        original = compared.get((cell.slot.test_set_id, cell.item.id)) if cell.slot.test_set_id else None
        if cell.slot.test_set_id is not None and original is None:
            continue
        assert cell.result is not None  # noqa: S101 - chosen so
        case = QcCase(
            criteria=criteria_from_json(cell.expected.criteria),
            unit=parse_unit(cell.expected.unit),
            found=finding_of(cell),
            compared=_finding(original) if original else None,
            chart=charts.get((cell.slot.position, cell.item.id)),
        )
        verdict = _verdict(uow, cell, case, original)
        if verdict is not None:
            new.append(verdict)
    uow.session.add_all(new)
    uow.session.flush()
    _hold(uow, batch, new)
    return new


def finding_of(cell: QcCell) -> Finding | None:
    """What was found in a position; None where it was not measured, or not yet."""
    if cell.result is None or cell.result.entered_text == NOT_MEASURED:
        return None
    return parse_finding(cell.result.entered_text, cell.expected.unit)


def applied_rules(uow: UnitOfWork) -> frozenset[WestgardRule]:
    """The rules of the chart that are in force today."""
    switches = parameters_in_force(uow.session, frozenset(CHOSEN.values()), local_date(uow.now))
    return ALWAYS | {rule for rule, code in CHOSEN.items() if switches.get(code) == 1}


def _verdict(uow: UnitOfWork, cell: QcCell, case: QcCase, original: ItemResult | None) -> QcVerdict | None:
    """The next verdict of a position; None where the last one was made of the same results of this batch.

    A verdict stands on the earlier runs as they were when it was made.
    """
    assert cell.result is not None  # noqa: S101 - the caller looked
    before, used, compared_id = cell.verdict, case_to_json(case), original.id if original else None
    if before is not None and (
        (before.result_id, before.compared_id, _own_run(before.used)) == (cell.result.id, compared_id, _own_run(used))
    ):
        return None
    judged = evaluate(case)
    return QcVerdict(
        batch_id=cell.slot.batch_id,
        position=cell.slot.position,
        item_id=cell.item.id,
        seq=before.seq + 1 if before else 1,
        result_id=cell.result.id,
        compared_id=compared_id,
        used=used,
        outcome=judged.outcome,
        figure=judged.figure,
        rules=list(judged.rules),
        evaluated_at=uow.now,
    )


def _own_run(used: Mapping[str, Any]) -> Any:
    return used["chart"] and used["chart"]["run"]


def _hold(uow: UnitOfWork, batch: Batch, new: Sequence[QcVerdict]) -> None:
    held = open_items(uow.session, [batch.id])
    for verdict in new:
        key = (batch.id, verdict.item_id)
        if verdict.outcome is not QcOutcome.REJECTED or key in held:
            continue
        held.add(key)
        hold = QcHold(
            batch_id=batch.id,
            item_id=verdict.item_id,
            verdict_id=verdict.id,
            opened_by_id=uow.actor.require_person(),
            opened_at=uow.now,
        )
        uow.session.add(hold)
        uow.session.flush()
        uow.emit(ResultsHeld(batch_id=batch.id, hold_id=hold.id, item_id=verdict.item_id, rules=tuple(verdict.rules)))


def _compared(session: Session, batch: Batch, cells: Sequence[QcCell]) -> Compared:
    """The results of the samples that duplicates and spikes are held against."""
    if all(cell.slot.test_set_id is None for cell in cells):
        return {}
    found = sample_cells(session, batch.id)
    # What is older than the batch was measured before it, and says nothing about it.
    return {
        (one.test_set.id, one.item.id): one.result
        for one in found
        if one.result is not None and one.result.entered_at >= batch.opened_at
    }


def _finding(result: ItemResult) -> Finding | None:
    """What was found in the sample; the first of several test units, None for what was not tested."""
    findings = from_json(result.used).findings
    return findings[0] if findings else None


def _charts(uow: UnitOfWork, batch: Batch, cells: Sequence[QcCell]) -> dict[tuple[int, UUID], ControlChart]:
    """Where each control of a batch stands on the chart of its item."""
    controls = [cell for cell in cells if cell.slot.kind is SlotKind.CONTROL]
    if not controls:
        return {}
    applied = applied_rules(uow)
    charts: dict[tuple[int, UUID], ControlChart] = {}
    for item_id, group in groupby(sorted(controls, key=lambda cell: (str(cell.item.id), cell.slot.position)), _item_id):
        points: list[ControlPoint] = []
        placed: list[tuple[int, UUID]] = []
        for cell in group:
            criteria = criteria_from_json(cell.expected.criteria)
            assert isinstance(criteria, ControlCriteria)  # noqa: S101 - a control has a deviation
            z = z_of(finding_of(cell), criteria, parse_unit(cell.expected.unit))
            if z is not None:
                points.append(ControlPoint(str(cell.slot.lot_id), z))
                placed.append((cell.slot.position, item_id))
        earlier = earlier_runs(uow.session, batch, item_id, {point.lot for point in points}) if points else ()
        for place, key in enumerate(placed):
            charts[key] = ControlChart(tuple(points), place, earlier, applied)
    return charts


def _item_id(cell: QcCell) -> UUID:
    return cell.item.id
