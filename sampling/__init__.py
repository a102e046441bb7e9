"""Plans, draws, tasks, sampling forms, samples, and the duties that keep the two sides apart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
