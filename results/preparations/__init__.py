"""What the bench prepares: from what, how much, until when; and what a batch was measured with."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what preparations bring."""
    from lims.demo import Part, register_chapter
    from lims.verification import register_check
    from lims.web.api import register_api
    from results.preparations import api, demo, verification, views

    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    for check in verification.CHECKS:
        register_check("preparations", check)
    register_chapter("preparations", 48, demo.live, Part.DOWNSTREAM)
