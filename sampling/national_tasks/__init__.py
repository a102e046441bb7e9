"""Tasks of the national system: taken from its sheet, divided among organisations, and how far they have come."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what the tasks bring."""
    from lims.auth.permissions import Role, declare
    from lims.demo import register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel
    from sampling.national_tasks import api, demo, panels, verification, views
    from sampling.national_tasks.queries import count_unassigned

    declare("sampling.national_tasks", {Role.PLANNER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    register_panel("plan", 14, panels.tasks_panel)
    navigation.add_entry(
        "national_tasks.index",
        _l("National tasks"),
        icon="list",
        permission="sampling.national_tasks",
        order=13,
        begins_day=False,
        waiting=count_unassigned,
    )
    for check in verification.CHECKS:
        register_check("samples", check)
    register_chapter("national_tasks", 22, demo.live)
