"""Rechecks: applied for, decided, drawn, tested again by others, and final."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what rechecks bring."""
    from chain_of_custody.keeping.sources import register_hold_reader
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_step
    from results.recheck import api, demo, panels, queries, views

    decides = {Role.ENFORCEMENT_OFFICER, Role.PLANNER}
    declare("recheck.decide", decides)
    declare("recheck.test", {Role.TESTER})
    declare("recheck.sign", {Role.SIGNATORY})
    declare("recheck.see", {*decides, Role.TESTER, Role.SIGNATORY, Role.CUSTODIAN})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "rechecks.index", _l("Rechecks"), icon="recheck", permission="recheck.see", order=82, begins_day=False
    )
    register_step("case", 10, panels.recheck_step)
    register_chapter("recheck", 62, demo.live, Part.DOWNSTREAM)
    register_hold_reader(queries.running_rechecks_of)
