"""Checks of the laboratory itself: known materials and splits among the samples of the bench, and their evaluation."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what checks bring."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.blind_checks import api, demo, verification, views

    declare("results.blind_check", {Role.QUALITY_MANAGER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "blind_checks.index", _l("Blind checks"), icon="blind", permission="results.blind_check", order=70
    )
    for check in verification.CHECKS:
        register_check("blind_checks", check)
    register_chapter("blind_checks", 45, demo.live, Part.DOWNSTREAM)
