"""Moving a sample through its states; nothing else writes `sample.state`."""

from collections.abc import Collection

from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.events import SampleMoved
from sampling.models import Sample
from sampling.rules.states import PROGRAM, next_state
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
    state = next_state(sample.state, event, by or ({PROGRAM} if uow.actor.is_system else uow.actor.roles))
    if state in ENDED_EARLY and not (reason and reason.strip()):
        raise InvalidInputError(_l("Say why."), field="reason")
    sample.state = state
    sample.state_changed_at = uow.now
    if state in ENDED_EARLY:
        sample.ended_reason = reason
    uow.emit(SampleMoved(sample_id=sample.id, state=state))
    return state


def conclude(uow: UnitOfWork, sample: Sample, verdict: SampleVerdict) -> None:
    """Write the signed verdict on the sample: the first time it becomes signed, after a recheck it is replaced.

    Raises:
        WrongStateError: there are no locked results, and no recheck is under way.

    Emits: SampleMoved.
    """
    is_recheck = sample.state is SampleState.RECHECK
    sample.verdict = verdict
    move_sample(uow, sample, SampleEvent.RECHECK_CONCLUDED if is_recheck else SampleEvent.CONCLUSION_SIGNED)
