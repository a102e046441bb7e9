"""Instruments, their readers, raw readings and files, matched to blind codes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from instruments import api, demo, verification
    from instruments.cli import instruments
    from instruments.queries import count_waiting
    from instruments.views import connections, files, profiles, quarantine
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api

    declare("instruments.deliver", {Role.TESTER, Role.REVIEWER, Role.QUALITY_MANAGER, Role.LAB_HEAD})
    declare("instruments.manage", {Role.TESTER, Role.REVIEWER, Role.QUALITY_MANAGER, Role.LAB_HEAD})
    app.cli.add_command(instruments)
    for part in (connections, quarantine, files, profiles):
        app.register_blueprint(part.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "instruments.index",
        _l("Instruments"),
        icon="plug",
        permission="instruments.manage",
        order=56,
        begins_day=False,
        waiting=lambda session, actor: count_waiting(session, actor.organisation_id),
    )
    for check in verification.CHECKS:
        register_check("readings", check)
    register_chapter("instruments", 40, demo.live, Part.DOWNSTREAM)
