"""How nonconforming work moves: one table of state and step."""

from datetime import date

from results.nonconforming.types import NonconformityState, Step

# ISO/IEC 17025:2017 7.10 and 8.7: what did not help goes back to its cause; nothing leads out of an end.
MOVES: dict[tuple[NonconformityState, Step], NonconformityState] = {
    (NonconformityState.RAISED, Step.PLANNED): NonconformityState.PLANNED,
    (NonconformityState.RAISED, Step.DISMISSED): NonconformityState.DISMISSED,
    (NonconformityState.PLANNED, Step.PLANNED): NonconformityState.PLANNED,
    (NonconformityState.PLANNED, Step.CARRIED_OUT): NonconformityState.CARRIED_OUT,
    (NonconformityState.CARRIED_OUT, Step.EFFECTIVE): NonconformityState.CLOSED,
    (NonconformityState.CARRIED_OUT, Step.INEFFECTIVE): NonconformityState.RAISED,
}
ENDS = frozenset({NonconformityState.CLOSED, NonconformityState.DISMISSED})
# Who found, did or answers for something does not say whether it helped, or that it was nothing.
BY_ANOTHER = frozenset({Step.EFFECTIVE, Step.INEFFECTIVE, Step.DISMISSED})


def moved(state: NonconformityState, step: Step) -> NonconformityState | None:
    """Where a step leads; None where it cannot be done."""
    return MOVES.get((state, step))


def is_overdue(state: NonconformityState, due_on: date | None, today: date) -> bool:
    """Whether a corrective action should have been carried out by now; its last day still counts."""
    return state is NonconformityState.PLANNED and due_on is not None and due_on < today
