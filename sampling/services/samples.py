"""Moving a sample through its states; nothing else writes `sample.state`."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from lims.actors import Actor
from lims.auth.permissions import Role
from lims.errors import ForbiddenError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.events import SampleMoved
from sampling.models import Sample, SamplingTask
from sampling.queries.samples import get_sample
from sampling.rules.states import PROGRAM, next_state
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState, SampleVerdict

ENDED_EARLY = frozenset({SampleState.REFUSED, SampleState.VOID, SampleState.NOT_TESTED})


def move_sample(
    uow: UnitOfWork,
    sample: Sample,
    event: SampleEvent,
    reason: str | None = None,
    *,
    by: Collection[str] | None = None,
) -> SampleState:
    """Move a sample to the state that `event` leads to.

    Args:
        uow: the transaction.
        sample: locked by the caller (`separation.get_sample_for_act`).
        event: what happened.
        reason: why, where the sample ends before its conclusion.
        by: whose act it is, where it is not the actor's own: `{PROGRAM}` for what follows by itself.

    Raises:
        WrongStateError: the table of states has no such move.
        ForbiddenError: the move is for other roles.
        InvalidInputError: an early end without a reason.

    Emits: SampleMoved.
    """
    move_samples(uow, [sample], event, reason, by=by)
    return sample.state


def move_samples(
    uow: UnitOfWork,
    samples: Collection[Sample],
    event: SampleEvent,
    reason: str | None = None,
    *,
    by: Collection[str] | None = None,
    **also: object,
) -> None:
    """Move each of several samples by the same event, written together with what else it says of them (`also`)."""
    moved: dict[SampleState, list[Sample]] = defaultdict(list)
    for sample in samples:
        state = next_state(sample.state, event, by or ({PROGRAM} if uow.actor.is_system else uow.actor.roles))
        if state in ENDED_EARLY and not (reason and reason.strip()):
            raise InvalidInputError(_l("Say why."), field="reason")
        moved[state].append(sample)
    for state, those in moved.items():
        why = {"ended_reason": reason} if state in ENDED_EARLY else {}
        uow.set_all(those, state=state, state_changed_at=uow.now, **why, **also)
    for sample in samples:
        uow.emit(SampleMoved(sample_id=sample.id, state=sample.state))


def may_void(actor: Actor, sample: Sample, task: SamplingTask) -> bool:
    """Whether it is for the actor to void this sample: one of its samplers, or a planner of its regulator."""
    is_sampler = actor.person_id in {task.first_sampler_id, task.second_sampler_id}
    return is_sampler or (Role.PLANNER in actor.roles and actor.organisation_id == sample.regulator_id)


def void_sample(uow: UnitOfWork, sample_id: UUID, reason: str) -> Sample:
    """Declare a sample void before it leaves its samplers: a torn seal, a wrong product, a form that cannot stand.

    Its number, form, portions and seals stay as they are; nobody can hand it over any more.

    Raises:
        NotFoundError: there is none that the actor may see.
        ForbiddenError: the actor neither took it nor plans for its regulator.
        WrongStateError: it was handed over, or has ended.
        InvalidInputError: no reason.

    Emits: SampleMoved.
    """
    get_sample(uow.session, uow.actor, sample_id)
    sample = get_sample_for_act(uow, sample_id)
    if not may_void(uow.actor, sample, uow.session.get_one(SamplingTask, sample.task_id)):
        raise ForbiddenError(_l("Only its samplers, or a planner of its regulator, can void a sample."))
    move_sample(uow, sample, SampleEvent.VOIDED, reason.strip())
    return sample


def conclude(uow: UnitOfWork, sample: Sample, verdict: SampleVerdict) -> None:
    """Write the signed verdict on the sample: the first time it becomes signed, after a recheck it is replaced.

    Raises:
        WrongStateError: there are no locked results, and no recheck is under way.

    Emits: SampleMoved.
    """
    is_recheck = sample.state is SampleState.RECHECK
    event = SampleEvent.RECHECK_CONCLUDED if is_recheck else SampleEvent.CONCLUSION_SIGNED
    move_samples(uow, [sample], event, verdict=verdict)
