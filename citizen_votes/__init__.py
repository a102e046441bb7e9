"""Public picks: rounds, ballots, tallies, and what became of a pick."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
