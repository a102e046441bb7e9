"""Objections: to the sampling, the authenticity, the method or the standard; and the page of a result notice."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what objections bring."""
    from chain_of_custody.keeping.sources import register_hold_reader
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.erasure import hold_personal_data
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel, register_step
    from results.objections import api, demo, notice_views, panels, queries, verification, views
    from results.queries import register_upheld_reader

    declare("objection.decide", {Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    declare("objection.see", {Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    app.register_blueprint(views.bp)
    app.register_blueprint(notice_views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "objections.index",
        _l("Objections"),
        icon="edit",
        permission="objection.see",
        order=83,
        begins_day=False,
        waiting=queries.count_undecided,
    )
    navigation.add_public_entry("my_notice.enter", _l("Answer a notice"), order=40)
    register_panel("sample", 68, panels.objections_panel)
    register_step("sample", 68, panels.objection_step)
    register_step("case", 11, panels.case_step)
    register_upheld_reader(queries.upheld_of)
    register_hold_reader(queries.running_objections_of)
    hold_personal_data("sample", queries.contacts_of_applications)
    register_check("referrals", verification.check_objections)
    register_chapter("objections", 63, demo.live, Part.DOWNSTREAM)
