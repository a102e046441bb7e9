"""Nonconforming work: what was not done as it has to be, its cause, what was done about it, and what it means."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what nonconforming work brings."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.nonconforming import api, demo, verification, views
    from results.nonconforming.queries import count_open

    declare("results.nonconforming", {Role.TESTER, Role.REVIEWER, Role.QUALITY_MANAGER, Role.LAB_HEAD})
    declare("results.nonconforming_manage", {Role.QUALITY_MANAGER, Role.LAB_HEAD})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "nonconforming.index",
        _l("Corrective work"),
        icon="flag",
        permission="results.nonconforming",
        order=73,
        begins_day=False,
        waiting=count_open,
    )
    for check in verification.CHECKS:
        register_check("nonconforming", check)
    register_chapter("nonconforming", 47, demo.live, Part.DOWNSTREAM)
