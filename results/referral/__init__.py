"""What follows a conclusion: notices and their service; and for a fail its referral, branches and handling."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what referrals bring."""
    from datetime import timedelta

    from chain_of_custody.keeping.sources import register_hold_reader
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.erasure import hold_personal_data
    from lims.i18n import lazy_gettext as _l
    from lims.outbox.tasks import register_periodic, register_task
    from lims.verification import register_check
    from lims.web import navigation, panels
    from lims.web.api import register_api
    from results.referral import api, demo, pages, queries, subscribers, tasks, verification, views

    declare("cases.see", {Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    declare("cases.handle", {Role.ENFORCEMENT_OFFICER})
    declare("notices.serve", {Role.ENFORCEMENT_OFFICER, Role.PLANNER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry("cases.index", _l("Cases"), icon="gavel", permission="cases.see", order=80)
    panels.register_panel("sample", 60, pages.sample_panel)
    panels.register_step("sample", 60, pages.case_step)
    hold_personal_data("sample", queries.receivers_of_notices)
    subscribers.register()
    register_task(subscribers.SEND, tasks.send)
    register_periodic("results.referral.escalate", timedelta(minutes=10), tasks.escalate)
    for check in verification.REFERRALS:
        register_check("referrals", check)
    register_chapter("referral", 60, demo.live, Part.DOWNSTREAM)
    register_hold_reader(queries.open_cases_of)
