"""Worklists, entry, judgement, reports, conclusions; recheck, referral and publication."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register the commands of results."""
    from results import referral
    from results.cli import results_group

    app.cli.add_command(results_group)
    referral.init_app(app)
