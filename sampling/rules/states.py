"""The states of a sample: one table of moves, the only place where they are defined: state, event, who may."""

from collections.abc import Collection
from typing import NamedTuple

from lims.auth.permissions import Role
from lims.errors import ConflictError, ForbiddenError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.types import SampleEvent as E
from sampling.types import SampleState as S

PROGRAM = "program"  # what happens by itself: a period ends, a conclusion is replaced


class Move(NamedTuple):
    """Where an event leads, and whose act it is."""

    state: S
    by: frozenset[str]


_TAKERS = frozenset({Role.SAMPLER})
_PLANNERS = frozenset({Role.PLANNER})
_CARRIERS = frozenset({Role.SAMPLER, Role.CUSTODIAN})
_RECEPTION = frozenset({Role.CUSTODIAN})
_BENCH = frozenset({Role.TESTER})
_REVIEW = frozenset({Role.REVIEWER})
_APPROVERS = frozenset({Role.SIGNATORY})
_QUALITY = frozenset({Role.QUALITY_MANAGER})
_OFFICE = frozenset({Role.ENFORCEMENT_OFFICER, Role.PLANNER})

MOVES: dict[tuple[S, E], Move] = {
    (S.ISSUED, E.FORM_SUBMITTED): Move(S.SAMPLED, _TAKERS),
    (S.ISSUED, E.VOIDED): Move(S.VOID, _TAKERS | _PLANNERS),
    (S.SAMPLED, E.HANDED_OVER): Move(S.IN_TRANSIT, _CARRIERS),
    (S.SAMPLED, E.VOIDED): Move(S.VOID, _TAKERS | _PLANNERS),
    (S.IN_TRANSIT, E.HANDED_OVER): Move(S.IN_TRANSIT, _CARRIERS),
    (S.IN_TRANSIT, E.ACCEPTED): Move(S.RECEIVED, _RECEPTION),
    (S.IN_TRANSIT, E.REFUSED_AT_RECEPTION): Move(S.REFUSED, _RECEPTION),
    (S.RECEIVED, E.RECODED): Move(S.RECODED, _RECEPTION),
    (S.RECEIVED, E.GIVEN_UP): Move(S.NOT_TESTED, _RECEPTION),
    (S.RECODED, E.TESTING_BEGUN): Move(S.TESTING, _BENCH),
    (S.RECODED, E.GIVEN_UP): Move(S.NOT_TESTED, _REVIEW),
    (S.TESTING, E.GIVEN_UP): Move(S.NOT_TESTED, _REVIEW),
    (S.TESTING, E.RESULTS_LOCKED): Move(S.LOCKED, _REVIEW),
    (S.LOCKED, E.RETURNED_TO_BENCH): Move(S.TESTING, _REVIEW | _APPROVERS),
    (S.LOCKED, E.CONCLUSION_SIGNED): Move(S.SIGNED, _APPROVERS),
    (S.SIGNED, E.NOTICE_SERVED): Move(S.SERVED, _OFFICE),
    (S.SERVED, E.RECHECK_ACCEPTED): Move(S.RECHECK, _OFFICE),
    (S.RECHECK, E.RECHECK_CONCLUDED): Move(S.SERVED, _APPROVERS),
    (S.RECHECK, E.RECHECK_ENDED): Move(S.SERVED, _RECEPTION),  # it came damaged: the first conclusion stands
    (S.SERVED, E.CLOSED): Move(S.CLOSED, _OFFICE | {PROGRAM}),
    (S.ISSUED, E.PREPARED): Move(S.RECODED, _QUALITY),
    (S.LOCKED, E.CHECK_EVALUATED): Move(S.EVALUATED, _QUALITY),
}

ENDS = frozenset({S.CLOSED, S.REFUSED, S.VOID, S.NOT_TESTED, S.EVALUATED})

STATE_NAMES: dict[S, LazyString] = {
    S.ISSUED: _l("Issued"),
    S.SAMPLED: _l("Sampled"),
    S.IN_TRANSIT: _l("In transit"),
    S.RECEIVED: _l("Received"),
    S.RECODED: _l("Recoded"),
    S.TESTING: _l("Testing"),
    S.LOCKED: _l("Locked"),
    S.SIGNED: _l("Signed"),
    S.SERVED: _l("Served"),
    S.CLOSED: _l("Closed"),
    S.REFUSED: _l("Refused at reception"),
    S.VOID: _l("Void"),
    S.NOT_TESTED: _l("Not tested"),
    S.RECHECK: _l("Recheck"),
    S.EVALUATED: _l("Evaluated"),
}


class WrongStateError(ConflictError):
    """The sample is not in a state in which this can be done."""

    code = "wrong_state"


def next_state(state: S, event: E, by: Collection[str]) -> S:
    """The state that `event` leads to.

    Args:
        state: where the sample stands.
        event: what happened.
        by: the roles of whoever does it; `PROGRAM` where nobody does.

    Raises:
        WrongStateError: the table has no such move.
        ForbiddenError: the table has it, for other roles.
    """
    move = MOVES.get((state, event))
    if move is None:
        raise WrongStateError(
            _l("This sample is in the state “%(state)s”, which does not allow this step.", state=STATE_NAMES[state]),
            facts={"state": state.value, "event": event.value},
        )
    if move.by.isdisjoint(by):
        raise ForbiddenError(facts={"event": event.value, "for": sorted(move.by)})
    return move.state
