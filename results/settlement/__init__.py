"""What a regulator owes a laboratory: prices by day, the settlement of a period sample by sample, confirmed by both."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what settlements bring."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from results.settlement import api, demo, queries, verification, views

    declare("settlement.draw", {Role.PLANNER})
    declare("settlement.confirm", {Role.LAB_HEAD})
    declare("settlement.see", {Role.PLANNER, Role.LAB_HEAD})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    navigation.add_entry(
        "settlements.index",
        _l("Settlements"),
        icon="ledger",
        permission="settlement.see",
        order=88,
        begins_day=False,
        waiting=queries.count_unconfirmed,
    )
    register_check("settlements", verification.check_settlements)
    register_chapter("settlement", 66, demo.live, Part.DOWNSTREAM)
