"""Portions, seals, labels, hand-overs, reception, storage and blind codes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(_app: "Flask") -> None:
    """Register what this package brings."""
    from chain_of_custody import demo, verification
    from lims.demo import register_chapter
    from lims.verification import register_check

    for check in verification.CHECKS:
        register_check("custody", check)
    register_chapter("custody", 30, demo.live)
