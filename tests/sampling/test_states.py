"""The one table of moves: by enumeration, and against its page in the documentation."""

from pathlib import Path

import pytest

from lims.auth.permissions import Role
from lims.errors import ForbiddenError
from sampling.rules.state_table import draw_states
from sampling.rules.states import ENDS, MOVES, PROGRAM, STATE_NAMES, WrongStateError, next_state
from sampling.types import SampleEvent, SampleState

EVERYBODY = frozenset({*Role, PROGRAM})
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("state", SampleState)
def test_a_state_allows_the_moves_of_the_table_and_no_other(state):
    for event in SampleEvent:
        move = MOVES.get((state, event))
        if move is None:
            with pytest.raises(WrongStateError) as refusal:
                next_state(state, event, EVERYBODY)
            assert str(STATE_NAMES[state]) in str(refusal.value)
            continue
        for role in EVERYBODY:
            if role in move.by:
                assert next_state(state, event, {role}) is move.state
            else:
                with pytest.raises(ForbiddenError):
                    next_state(state, event, {role})


def test_a_person_without_a_role_moves_nothing():
    for state, event in MOVES:
        with pytest.raises(ForbiddenError):
            next_state(state, event, frozenset())


def test_nothing_leaves_an_end_and_every_state_is_reached():
    assert not {state for state, _event in MOVES} & ENDS
    assert {SampleState.ISSUED, *(move.state for move in MOVES.values())} == set(SampleState)


def test_an_end_is_reached_from_every_state():
    leads: dict[SampleState, set[SampleState]] = {}
    for (state, _event), move in MOVES.items():
        leads.setdefault(state, set()).add(move.state)
    for state in SampleState:
        seen, waiting = set(), [state]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(leads.get(at, ()))
        assert seen & ENDS


def test_the_page_of_states_is_drawn_from_the_table():
    assert (DOCS / "states.md").read_text(encoding="utf8") == draw_states()
