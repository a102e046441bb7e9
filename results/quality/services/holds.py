"""Lifting a hold, and the gate that every lock, report and signature passes."""

from uuid import UUID

from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.quality.events import HoldLifted
from results.quality.models import Batch, QcHold
from results.quality.queries.holds import Blocked, Obstacle, bench_people, blocked_lines

MOST_NAMED = 5  # lines that a refusal names; the page of the batch shows all


class ResultsHeldError(ConflictError):
    """Quality control keeps results from going on."""

    code = "results_held"


OBSTACLES: dict[Obstacle, LazyString] = {
    Obstacle.HELD: _l("held by quality control"),
    Obstacle.NOT_JUDGED: _l("quality control is not complete"),
    Obstacle.NOT_MEASURED_AGAIN: _l("not measured again yet"),
}


def require_released(uow: UnitOfWork, test_set_id: UUID) -> None:
    """Insist that quality control keeps nothing of a worklist. One statement for a sample that stands in no batch.

    Raises:
        ResultsHeldError: names batch and item of what is held, not judged or not measured again.

    **Source:** product.md §8; ISO/IEC 17025:2017 7.7.3, 7.10.1.
    """
    blocked = blocked_lines(uow.session, test_set_id)
    if not blocked:
        return
    told = "；".join(_told(one) for one in blocked[:MOST_NAMED])
    raise ResultsHeldError(
        _l("These results cannot go on: %(lines)s.", lines=told),
        facts={"batches": sorted({one.batch_no for one in blocked})},
    )


def lift_hold(uow: UnitOfWork, hold_id: UUID, reason: str) -> QcHold:
    """Let the results of an item of a batch go on although quality control rejected them, and say why.

    Raises:
        NotFoundError: no such hold of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it was lifted already.
        ForbiddenError: the person opened the batch, entered its quality control or tests one of its samples.
    Emits: HoldLifted.
    """
    hold = uow.session.get(QcHold, hold_id, with_for_update=True)
    if hold is None or uow.session.get_one(Batch, hold.batch_id).lab_id != uow.actor.require_organisation():
        raise NotFoundError
    if not reason.strip():
        raise InvalidInputError(_l("Say what was found and why the results may be used."), field="reason")
    if hold.lifted_at is not None:
        raise ConflictError(_l("This hold was lifted already."))
    if uow.actor.require_person() in bench_people(uow.session, hold.batch_id):
        raise ForbiddenError(_l("Who worked on this batch does not lift its hold: another person has to."))
    hold.lifted_at = uow.now
    hold.lifted_by_id = uow.actor.require_person()
    hold.lift_reason = reason.strip()
    uow.emit(HoldLifted(batch_id=hold.batch_id, hold_id=hold.id, reason=reason.strip()))
    return hold


def _told(one: Blocked) -> str:
    return f"{one.item.name_zh}, {one.batch_no}: {OBSTACLES[one.obstacle]}"
