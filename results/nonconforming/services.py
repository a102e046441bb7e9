"""What people do about nonconforming work: raise, plan, carry out, check; and what it means for reports."""

from datetime import date
from uuid import UUID, uuid4

from lims.clock import local_date
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.queries import employment_of_person
from lims.uow import UnitOfWork
from results.nonconforming.events import NonconformityMoved, ReportImpactDecided
from results.nonconforming.models import (
    Nonconformity,
    NonconformityBatch,
    NonconformitySample,
    NonconformityStep,
    ReportImpact,
)
from results.nonconforming.queries import affected_reports, get_nonconformity, steps_of
from results.nonconforming.rules import BY_ANOTHER, ENDS, moved
from results.nonconforming.types import Impact, NonconformityState, Plan, Source, Step
from results.quality.queries.batches import get_batch
from results.queries import find_set

SERIES = "nonconformity"
PREFIX = "BF"  # 不符合


def raise_nonconformity(
    uow: UnitOfWork, source: Source, what: str, found_on: date, *, batch_no: str = "", blind_code: str = ""
) -> Nonconformity:
    """Write down that something was not done as it has to be, and what it touches where that is known.

    Raises:
        InvalidInputError: it was found in the future, or nothing says what it is.
        NotFoundError: no such batch or sample of this laboratory.
    Emits: NonconformityMoved.
    """
    lab_id, today = uow.actor.require_organisation(), local_date(uow.now)
    if found_on > today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or earlier.",
                day=found_on.isoformat(),
                today=today.isoformat(),
            ),
            field="found_on",
        )
    _require_words(what, "what")
    number = take_number(uow, SERIES, f"{lab_id}:{today.year}")
    found = Nonconformity(
        id=uuid4(),
        lab_id=lab_id,
        nonconformity_no=f"{PREFIX}{today.year}-{number:03d}",
        source=source,
        what=what.strip(),
        found_on=found_on,
        state=NonconformityState.RAISED,
        raised_by_id=uow.actor.require_person(),
        raised_at=uow.now,
    )
    uow.session.add(found)
    uow.session.flush()
    _note(uow, found, Step.RAISED, what)
    if batch_no.strip():
        link_batch(uow, found.nonconformity_no, batch_no)
    if blind_code.strip():
        link_sample(uow, found.nonconformity_no, blind_code)
    return found


def link_batch(uow: UnitOfWork, number: str, batch_no: str) -> None:
    """Say that it is about a batch: the signed reports over its samples are affected.

    Raises:
        NotFoundError: no such nonconforming work, or no such batch, of this laboratory.
        ConflictError: it has come to its end, or the batch is linked already.
    """
    found = _open(uow, number)
    batch = get_batch(uow.session, found.lab_id, batch_no.strip())
    uow.session.add(
        NonconformityBatch(
            nonconformity_id=found.id, batch_id=batch.id, linked_by_id=uow.actor.require_person(), linked_at=uow.now
        )
    )
    uow.session.flush()


def link_sample(uow: UnitOfWork, number: str, blind_code: str) -> None:
    """Say that it is about a sample, by its blind code; as `link_batch`."""
    found = _open(uow, number)
    test_set = find_set(uow.session, blind_code.strip().upper(), found.lab_id)
    uow.session.add(
        NonconformitySample(
            nonconformity_id=found.id,
            test_set_id=test_set.id,
            linked_by_id=uow.actor.require_person(),
            linked_at=uow.now,
        )
    )
    uow.session.flush()


def plan_action(uow: UnitOfWork, number: str, plan: Plan) -> None:
    """Say what the cause is, what is done about it, by whom and until when; a later plan stands in its place.

    Raises:
        NotFoundError: no such nonconforming work of this laboratory.
        InvalidInputError: no cause or action, a day that is past, or somebody who does not work there.
        ConflictError: it is carried out, or has come to its end.
    Emits: NonconformityMoved.
    """
    found = _locked(uow, number)
    _require_words(plan.cause, "cause")
    _require_words(plan.action, "action")
    today = local_date(uow.now)
    if plan.due_on < today:
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or later.",
                day=plan.due_on.isoformat(),
                today=today.isoformat(),
            ),
            field="due_on",
        )
    if not _works_here(uow, plan.responsible_id, found.lab_id):
        raise InvalidInputError(_l("Choose somebody who works in this laboratory."), field="responsible")
    _move(found, Step.PLANNED)
    found.due_on, found.responsible_id = plan.due_on, plan.responsible_id
    _note(uow, found, Step.PLANNED, plan.action, plan)


def carry_out(uow: UnitOfWork, number: str, text: str, *, may_manage: bool) -> None:
    """Say that the corrective action is carried out, and how.

    Args:
        uow: the transaction of who carried it out.
        number: of the nonconforming work.
        text: what was done.
        may_manage: whether the actor manages nonconforming work; anybody else has to answer for this action.

    Raises:
        NotFoundError: no such nonconforming work of this laboratory.
        InvalidInputError: nothing says what was done.
        ForbiddenError: another person answers for the action.
        ConflictError: nothing is planned, or a signed report that it affects waits for a decision.
    Emits: NonconformityMoved.
    """
    found = _locked(uow, number)
    _require_words(text, "text")
    if not may_manage and found.responsible_id != uow.actor.require_person():
        raise ForbiddenError(_l("Another person answers for this corrective action."))
    undecided = [one.report.report_no for one in affected_reports(uow.session, found.id) if one.decision is None]
    if undecided:
        raise ConflictError(
            _l("Decide first what it means for these reports: %(reports)s.", reports="、".join(undecided))
        )
    _move(found, Step.CARRIED_OUT)
    found.carried_out_by_id = uow.actor.require_person()
    _note(uow, found, Step.CARRIED_OUT, text)


def check_effect(uow: UnitOfWork, number: str, text: str, *, is_effective: bool) -> None:
    """Say, as another person, whether the action helped: it is closed, or goes back to its cause.

    Raises:
        NotFoundError: no such nonconforming work of this laboratory.
        InvalidInputError: nothing says what was seen.
        ForbiddenError: the person carried the action out or answers for it.
        ConflictError: nothing is carried out yet.
    Emits: NonconformityMoved.
    """
    found = _locked(uow, number)
    _require_words(text, "text")
    step = Step.EFFECTIVE if is_effective else Step.INEFFECTIVE
    _require_another(uow, step, {found.carried_out_by_id, found.responsible_id})
    _move(found, step)
    if is_effective:
        found.checked_by_id = uow.actor.require_person()
    else:
        found.due_on = found.responsible_id = found.carried_out_by_id = None
    _note(uow, found, step, text)


def dismiss(uow: UnitOfWork, number: str, reason: str) -> None:
    """Say, as another person than who raised it, that it was no nonconforming work.

    Raises:
        NotFoundError: no such nonconforming work of this laboratory.
        InvalidInputError: no reason.
        ForbiddenError: the person raised it.
        ConflictError: something is planned already, or it has come to its end.
    Emits: NonconformityMoved.
    """
    found = _locked(uow, number)
    _require_words(reason, "text")
    _require_another(uow, Step.DISMISSED, {found.raised_by_id})
    _move(found, Step.DISMISSED)
    _note(uow, found, Step.DISMISSED, reason)


def decide_impact(uow: UnitOfWork, number: str, report_id: UUID, impact: Impact, reason: str) -> None:
    """Say what it means for a signed report, and why; a later decision stands in its place.

    Raises:
        NotFoundError: no such nonconforming work of this laboratory, or a report that it does not affect.
        InvalidInputError: no reason.
        ConflictError: it has come to its end.
    Emits: ReportImpactDecided.
    """
    found = _open(uow, number)
    _require_words(reason, "reason")
    affected = {one.report.id: one for one in affected_reports(uow.session, found.id)}
    if report_id not in affected:
        raise NotFoundError
    before = affected[report_id].decision
    uow.session.add(
        ReportImpact(
            nonconformity_id=found.id,
            report_id=report_id,
            seq=before.seq + 1 if before else 1,
            impact=impact,
            reason=reason.strip(),
            decided_by_id=uow.actor.require_person(),
            decided_at=uow.now,
        )
    )
    uow.emit(ReportImpactDecided(nonconformity_id=found.id, report_id=report_id, impact=impact.value))


def _locked(uow: UnitOfWork, number: str) -> Nonconformity:
    found = get_nonconformity(uow.session, uow.actor.require_organisation(), number)
    uow.session.refresh(found, with_for_update=True)
    return found


def _open(uow: UnitOfWork, number: str) -> Nonconformity:
    found = _locked(uow, number)
    if found.state in ENDS:
        raise ConflictError(_l("%(number)s has come to its end.", number=number))
    return found


def _move(found: Nonconformity, step: Step) -> None:
    state = moved(found.state, step)
    if state is None:
        raise ConflictError(_l("%(number)s is not at this step. Look at it again.", number=found.nonconformity_no))
    found.state = state


def _note(uow: UnitOfWork, found: Nonconformity, step: Step, text: str, plan: Plan | None = None) -> None:
    uow.session.add(
        NonconformityStep(
            nonconformity_id=found.id,
            seq=len(steps_of(uow.session, found.id)) + 1,
            step=step,
            text=text.strip(),
            cause=plan.cause.strip() if plan else None,
            due_on=plan.due_on if plan else None,
            responsible_id=plan.responsible_id if plan else None,
            acted_by_id=uow.actor.require_person(),
            acted_at=uow.now,
        )
    )
    uow.emit(NonconformityMoved(nonconformity_id=found.id, step=step.value, state=found.state.value))


def _require_words(text: str, field: str) -> None:
    if not text.strip():
        raise InvalidInputError(_l("Fill this in."), field=field)


def _require_another(uow: UnitOfWork, step: Step, people: set[UUID | None]) -> None:
    if step in BY_ANOTHER and uow.actor.require_person() in people:
        raise ForbiddenError(_l("Another person has to say so: not who raised it, did it or answers for it."))


def _works_here(uow: UnitOfWork, person_id: UUID, lab_id: UUID) -> bool:
    try:
        return employment_of_person(uow.session, person_id, local_date(uow.now)).organisation_id == lab_id
    except NotFoundError:
        return False
