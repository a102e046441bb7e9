"""The states of a sample as a page of the documentation, drawn from the table of moves itself.

`python -m sampling.rules.state_table > docs/states.md`
"""

import sys

from sampling.rules.states import ENDS, MOVES
from sampling.types import SampleState


def draw_states() -> str:
    """The page: a picture of the moves, and the same as a table."""
    lines = [
        "# States of a sample",
        "",
        "Drawn from `sampling/rules/states.py`, the only place where moves are defined; a test compares them. To draw",
        "it again: `python -m sampling.rules.state_table > docs/states.md`.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {SampleState.ISSUED.value}",
        *(f"    {state.value} --> {move.state.value}: {event.value}" for (state, event), move in MOVES.items()),
        *(f"    {state.value} --> [*]" for state in SampleState if state in ENDS),
        "```",
        "",
        "| state | event | who may | next state |",
        "|---|---|---|---|",
        *(
            f"| `{state.value}` | `{event.value}` | {', '.join(sorted(move.by))} | `{move.state.value}` |"
            for (state, event), move in MOVES.items()
        ),
        "",
        "A sample ends in " + ", ".join(f"`{state.value}`" for state in SampleState if state in ENDS) + ".",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(draw_states())
