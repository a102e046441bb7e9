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
    from lims.web.panels import register_panel, register_step
    from results.queries import register_later_reader
    from results.recheck import api, demo, evidence, fee_views, laboratory_views, panels, queries, views
    from results.referral.papers import register_evidence

    decides = {Role.ENFORCEMENT_OFFICER, Role.PLANNER}
    declare("recheck.decide", decides)
    declare("recheck.receive", {Role.CUSTODIAN})
    declare("recheck.fees", {*decides, Role.CUSTODIAN, Role.SIGNATORY})
    declare("recheck.test", {Role.TESTER})
    declare("recheck.sign", {Role.SIGNATORY})
    declare("recheck.see", {*decides, Role.TESTER, Role.SIGNATORY, Role.CUSTODIAN})
    app.register_blueprint(views.bp)
    app.register_blueprint(laboratory_views.bp)
    app.register_blueprint(fee_views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "rechecks.index", _l("Rechecks"), icon="recheck", permission="recheck.see", order=82, begins_day=False
    )
    register_step("case", 10, panels.recheck_step)
    register_chapter("recheck", 62, demo.live, Part.DOWNSTREAM)
    register_hold_reader(queries.running_rechecks_of)
    register_later_reader(queries.later_conclusion_of)
    register_evidence(evidence.evidence_of)
    register_panel("sample", 55, panels.recheck_panel)
