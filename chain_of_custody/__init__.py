"""Portions, seals, labels, hand-overs, reception, storage and blind codes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
