"""The states of a branch: one table of moves, the only place where they are defined."""

from lims.errors import ConflictError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.referral.types import BranchEvent as E
from results.referral.types import BranchState as S

MOVES: dict[tuple[S, E], S] = {
    (S.OPEN, E.ACKNOWLEDGE): S.ACKNOWLEDGED,
    (S.OPEN, E.WITHDRAW): S.WITHDRAWN,
    (S.ACKNOWLEDGED, E.DISPATCH): S.DISPATCHED,
    (S.ACKNOWLEDGED, E.TRANSFER): S.TRANSFERRED,
    (S.ACKNOWLEDGED, E.CLOSE): S.CLOSED,
    (S.ACKNOWLEDGED, E.WITHDRAW): S.WITHDRAWN,
    (S.DISPATCHED, E.ACCEPT): S.WITH_STATION,
    (S.DISPATCHED, E.RETURN): S.ACKNOWLEDGED,
    (S.DISPATCHED, E.WITHDRAW): S.WITHDRAWN,
    (S.WITH_STATION, E.RETURN): S.ACKNOWLEDGED,
    (S.WITH_STATION, E.CLOSE): S.CLOSED,
    (S.WITH_STATION, E.WITHDRAW): S.WITHDRAWN,
}

ENDS = frozenset({S.CLOSED, S.TRANSFERRED, S.WITHDRAWN})

STATE_NAMES: dict[S, LazyString] = {
    S.OPEN: _l("Not acknowledged"),
    S.ACKNOWLEDGED: _l("Acknowledged"),
    S.DISPATCHED: _l("Dispatched, waits for the station"),
    S.WITH_STATION: _l("With the station"),
    S.CLOSED: _l("Case closed"),
    S.TRANSFERRED: _l("Transferred to another region"),
    S.WITHDRAWN: _l("Withdrawn after a recheck or an objection"),
}


class WrongBranchStateError(ConflictError):
    """The branch is not in a state in which this can be done."""

    code = "wrong_branch_state"


def next_state(state: S, event: E) -> S:
    """The state that `event` leads to.

    Raises:
        WrongBranchStateError: the table has no such move.
    """
    try:
        return MOVES[state, event]
    except KeyError:
        raise WrongBranchStateError(
            _l("This branch is “%(state)s”, which does not allow this step.", state=STATE_NAMES[state]),
            facts={"state": state.value, "event": event.value},
        ) from None
