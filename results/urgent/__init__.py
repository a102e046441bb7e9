"""24小时限时报告: a serious danger is reported once its results are locked, before the sample is concluded."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what the 24-hour report brings."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel
    from results.referral.papers import register_evidence
    from results.urgent import api, demo, panels, queries, verification, views

    declare("urgent.send", {Role.SIGNATORY})
    declare("urgent.receive", {Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    declare("urgent.see", {Role.SIGNATORY, Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "urgent.index",
        _l("24-hour reports"),
        icon="alert",
        permission="urgent.see",
        order=66,
        begins_day=False,
        waiting=queries.count_waiting,
    )
    register_panel("sample", 58, panels.urgent_panel)
    register_evidence(panels.urgent_reports_of)
    register_check("urgent", verification.check_urgent_reports)
    register_chapter("urgent", 45, demo.live, Part.DOWNSTREAM)
