"""Rooms of the laboratory: what temperature and humidity may be, what they were, and what was decided about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what the environment log brings."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.environment import api, demo, queries, verification, views

    declare("environment.note", {Role.TESTER, Role.CUSTODIAN, Role.QUALITY_MANAGER, Role.LAB_HEAD})
    declare("environment.decide", {Role.QUALITY_MANAGER, Role.LAB_HEAD})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "environment.index",
        _l("Rooms"),
        icon="thermometer",
        permission="environment.note",
        order=58,
        begins_day=False,
        waiting=queries.count_undecided,
    )
    register_check("environment", verification.check_readings)
    register_chapter("environment", 38, demo.live, Part.DOWNSTREAM)
