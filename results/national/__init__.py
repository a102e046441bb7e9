"""The bridge to the national system (国抽信息系统): results out, what was reported, differences to its export."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what the bridge brings."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.national import api, demo, verification, views

    declare("results.national", {Role.PLANNER, Role.CUSTODIAN, Role.SIGNATORY})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "national.index",
        _l("National system"),
        icon="upload",
        permission="results.national",
        order=72,
        begins_day=False,
    )
    for check in verification.CHECKS:
        register_check("national", check)
    register_chapter("national", 72, demo.live, Part.DOWNSTREAM)
