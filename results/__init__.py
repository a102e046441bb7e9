"""Worklists, entry, judgement, reports, conclusions; recheck, referral and publication."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from lims.demo import register_chapter
    from lims.runtime import settings_of
    from results import demo, referral, subscribers
    from results.cli import results_group
    from results.services import composition

    app.cli.add_command(results_group)
    composition.configure(settings_of(app).public_url)
    subscribers.register()
    register_chapter("results", 40, demo.live)
    referral.init_app(app)
