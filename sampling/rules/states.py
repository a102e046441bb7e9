"""The states of a sample: one table of moves, the only place where they are defined (product.md §3)."""

from lims.errors import ConflictError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.types import SampleEvent as E
from sampling.types import SampleState as S

MOVES: dict[tuple[S, E], S] = {
    (S.ISSUED, E.FORM_SUBMITTED): S.SAMPLED,
    (S.ISSUED, E.VOIDED): S.VOID,
    (S.SAMPLED, E.HANDED_OVER): S.IN_TRANSIT,
    (S.SAMPLED, E.VOIDED): S.VOID,
    (S.IN_TRANSIT, E.HANDED_OVER): S.IN_TRANSIT,
    (S.IN_TRANSIT, E.ACCEPTED): S.RECEIVED,
    (S.IN_TRANSIT, E.REFUSED_AT_RECEPTION): S.REFUSED,
    (S.RECEIVED, E.RECODED): S.RECODED,
    (S.RECEIVED, E.GIVEN_UP): S.NOT_TESTED,
    (S.RECODED, E.TESTING_BEGUN): S.TESTING,
    (S.RECODED, E.GIVEN_UP): S.NOT_TESTED,
    (S.TESTING, E.GIVEN_UP): S.NOT_TESTED,
    (S.TESTING, E.RESULTS_LOCKED): S.LOCKED,
    (S.LOCKED, E.RETURNED_TO_BENCH): S.TESTING,
    (S.LOCKED, E.CONCLUSION_SIGNED): S.SIGNED,
    (S.SIGNED, E.NOTICE_SERVED): S.SERVED,
    (S.SERVED, E.RECHECK_ACCEPTED): S.RECHECK,
    (S.RECHECK, E.RECHECK_CONCLUDED): S.SERVED,
    (S.SERVED, E.CLOSED): S.CLOSED,
}

ENDS = frozenset({S.CLOSED, S.REFUSED, S.VOID, S.NOT_TESTED})

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
    S.REFUSED: _l("Refused"),
    S.VOID: _l("Void"),
    S.NOT_TESTED: _l("Not tested"),
    S.RECHECK: _l("Recheck"),
}


class WrongStateError(ConflictError):
    """The sample is not in a state in which this can be done."""

    code = "wrong_state"


def next_state(state: S, event: E) -> S:
    """The state that `event` leads to.

    Raises:
        WrongStateError: the table has no such move.
    """
    try:
        return MOVES[state, event]
    except KeyError:
        raise WrongStateError(
            _l("This sample is in the state “%(state)s”, which does not allow this step.", state=STATE_NAMES[state]),
            facts={"state": state.value, "event": event.value},
        ) from None
