"""One board of everything in a laboratory that ends on a day, with what that blocks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what the board brings."""
    from lims.auth.permissions import Role, declare
    from lims.i18n import lazy_gettext as _l
    from lims.web import navigation
    from lims.web.api import register_api
    from results.expiry import api, views

    declare(
        "results.expiry",
        {Role.LAB_HEAD, Role.QUALITY_MANAGER, Role.TESTER, Role.REVIEWER, Role.SIGNATORY, Role.CUSTODIAN},
    )
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "expiry.index", _l("Expiry"), icon="calendar", permission="results.expiry", order=72, begins_day=False
    )
