"""Control values of the time before this program, so that a chart does not begin with nothing."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID, uuid4

from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_unit
from lims.uow import UnitOfWork
from results.quality.models import Batch, BatchSlot, ControlValue, QcItem, QcResult, QcVerdict
from results.quality.queries.lots import get_lot, values_for
from results.quality.rules.evaluation import evaluate, z_of
from results.quality.rules.stored import case_to_json, criteria_to_json
from results.quality.rules.westgard import LONGEST
from results.quality.services.batches import batch_number
from results.quality.services.evaluation import applied_rules
from results.quality.types import ControlChart, ControlCriteria, ControlPoint, LotKind, PastRun, QcCase, SlotKind
from results.rules.findings import format_finding, parse_finding
from results.types import Finding

MAX_RUNS = 1_000


def take_over_history(
    uow: UnitOfWork, method: str, item_id: UUID, runs: Sequence[PastRun], note: str
) -> list[QcVerdict]:
    """Take over what controls gave for one item by one method, each run as a batch without samples; all or none.

    The values are judged as if they had been entered then, by the targets of today and the rules of today. They hold
    nothing, for no result stands on them.

    Raises:
        NotFoundError: a lot of another laboratory.
        InvalidInputError: nothing or too much, runs that are not in their order or not past, a text without a figure,
            or a lot that is no control.
        ConflictError: the chart of a lot has begun already.
    """
    lab_id = uow.actor.require_organisation()
    lots = {lot_id: get_lot(uow.session, lab_id, lot_id) for run in runs for lot_id in run.values}
    values = values_for(uow.session, lots.keys(), method)
    targets: dict[UUID, ControlValue] = {}
    for lot_id, lot in lots.items():
        value = values.get((lot_id, item_id))
        if lot.kind is not LotKind.CONTROL or value is None:
            raise InvalidInputError(
                _l("Lot %(lot)s is no control with a target for this item by this method.", lot=lot.lot_no),
                field="runs",
            )
        targets[lot_id] = value
    _check_runs(uow, runs)
    _check_not_begun(uow, targets)
    applied, earlier = applied_rules(uow), tuple[tuple[ControlPoint, ...], ...]()
    rows: list[Batch | BatchSlot | QcItem | QcResult] = []
    verdicts: list[QcVerdict] = []
    for run in runs:
        batch = Batch(
            id=uuid4(),
            lab_id=lab_id,
            batch_no=batch_number(uow, lab_id, local_date(run.at)),
            method=method,
            note=note,
            opened_by_id=uow.actor.require_person(),
            opened_at=run.at,
        )
        read = {lot_id: _read(text, targets[lot_id]) for lot_id, text in run.values.items()}
        points = tuple(ControlPoint(str(lot_id), _z(finding, targets[lot_id])) for lot_id, finding in read.items())
        rows.append(batch)
        for place, (lot_id, finding) in enumerate(read.items()):
            value = targets[lot_id]
            case = QcCase(
                criteria=_criteria(value),
                unit=parse_unit(value.unit),
                found=finding,
                chart=ControlChart(points, place, earlier[-LONGEST:], applied),
            )
            result = _rows(batch, place + 1, value, run.values[lot_id], rows)
            verdicts.append(_verdict(result, case))
        earlier = (*earlier, points)
    for kind in (Batch, BatchSlot, QcItem, QcResult):  # each stands on the one before
        uow.session.add_all([row for row in rows if isinstance(row, kind)])
        uow.session.flush()
    uow.session.add_all(verdicts)
    uow.session.flush()
    return verdicts


def _check_runs(uow: UnitOfWork, runs: Sequence[PastRun]) -> None:
    if not 1 <= len(runs) <= MAX_RUNS:
        raise InvalidInputError(
            _l("%(count)s runs are given, expected 1 to %(most)s.", count=len(runs), most=MAX_RUNS), field="runs"
        )
    instants = [run.at for run in runs]
    if instants != sorted(instants) or instants[-1] >= uow.now:
        raise InvalidInputError(
            _l("The runs are not in the order of time, or one of them is not past yet."), field="runs"
        )


def _check_not_begun(uow: UnitOfWork, targets: Mapping[UUID, ControlValue]) -> None:
    begun = uow.session.query(QcItem.value_id).filter(QcItem.value_id.in_([one.id for one in targets.values()])).first()
    if begun is not None:
        raise ConflictError(_l("The chart of one of these lots has begun already."))


def _criteria(value: ControlValue) -> ControlCriteria:
    assert value.deviation is not None  # noqa: S101 - ck_control_value_one_kind_of_bound, of a control
    return ControlCriteria(value.target, value.deviation)


def _read(text: str, value: ControlValue) -> Finding:
    """What was found, which has to be a figure in the unit of the target."""
    try:
        finding = parse_finding(text, value.unit)
        _z(finding, value)
    except QuantityError as error:
        raise InvalidInputError(gettext(error.message) % error.params, field="runs") from error
    return finding


def _z(finding: Finding, value: ControlValue) -> Decimal:
    z = z_of(finding, _criteria(value), parse_unit(value.unit))
    if z is None:
        raise InvalidInputError(
            _l("“%(text)s” is no figure in %(unit)s.", text=format_finding(finding), unit=value.unit), field="runs"
        )
    return z


def _rows(
    batch: Batch, position: int, value: ControlValue, text: str, rows: list[Batch | BatchSlot | QcItem | QcResult]
) -> QcResult:
    """Add what stands in one position; returns its result."""
    result = QcResult(
        id=uuid4(),
        batch_id=batch.id,
        position=position,
        item_id=value.item_id,
        version=1,
        entered_text=text.strip(),
        entered_by_id=batch.opened_by_id,
        entered_at=batch.opened_at,
    )
    rows += [
        BatchSlot(batch_id=batch.id, position=position, kind=SlotKind.CONTROL, lot_id=value.lot_id),
        QcItem(
            batch_id=batch.id,
            position=position,
            item_id=value.item_id,
            unit=value.unit,
            criteria=criteria_to_json(_criteria(value)),
            value_id=value.id,
        ),
        result,
    ]
    return result


def _verdict(result: QcResult, case: QcCase) -> QcVerdict:
    judged = evaluate(case)
    return QcVerdict(
        batch_id=result.batch_id,
        position=result.position,
        item_id=result.item_id,
        seq=1,
        result_id=result.id,
        used=case_to_json(case),
        outcome=judged.outcome,
        figure=judged.figure,
        rules=list(judged.rules),
        evaluated_at=result.entered_at,
    )
