"""Quality control of the bench: batches with their controls, charts, holds and what lifts them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what quality control brings."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.quality import api, demo, verification, views
    from results.quality.queries.holds import count_open_holds

    declare("results.batch", {Role.TESTER, Role.REVIEWER, Role.QUALITY_MANAGER})
    declare("results.lift_hold", {Role.REVIEWER, Role.QUALITY_MANAGER})
    declare("results.control_material", {Role.QUALITY_MANAGER})
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    register_api(app, api.blp)
    navigation.add_entry(
        "batches.index",
        _l("Quality control"),
        icon="chart",
        permission="results.batch",
        order=55,
        begins_day=False,
        waiting=count_open_holds,
    )
    register_chapter("quality", 46, demo.live, Part.DOWNSTREAM)
    for check in verification.CHECKS:
        register_check("quality", check)
