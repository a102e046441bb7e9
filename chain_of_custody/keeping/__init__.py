"""Keeping: how long a portion is kept, what holds it back, how it ends, and counts of the store."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what keeping brings."""
    from chain_of_custody.keeping import api, verification, views
    from lims.auth.permissions import Role, declare
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api

    declare("custody.keep", {Role.CUSTODIAN})
    declare("custody.dispose", {Role.CUSTODIAN, Role.QUALITY_MANAGER, Role.LAB_HEAD})
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    for described in api.BLUEPRINTS:
        register_api(app, described)
    navigation.add_entry(
        "disposals.index", _l("Disposals"), icon="trash", permission="custody.dispose", order=35, begins_day=False
    )
    for check in verification.CHECKS:
        register_check("custody", check)
