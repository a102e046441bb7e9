"""Portions, seals, labels, hand-overs, reception, storage and blind codes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what this package brings."""
    from chain_of_custody import api, conditions, demo, keeping, panels, queries, verification, views
    from lims.auth.permissions import Role, declare
    from lims.demo import register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from sampling.assembly import register_seal_reader

    declare("custody.seal", {Role.SAMPLER})
    declare("custody.hand_over", {Role.SAMPLER, Role.CUSTODIAN})
    declare("custody.receive", {Role.CUSTODIAN})
    declare("custody.print", {Role.SAMPLER, Role.CUSTODIAN})
    declare("custody.unblind", {Role.LAB_HEAD, Role.QUALITY_MANAGER})
    for blueprint in views.BLUEPRINTS:
        app.register_blueprint(blueprint)
    for described in api.BLUEPRINTS:
        register_api(app, described)
    navigation.add_entry("custody.index", _l("Reception"), icon="inbox", permission="custody.receive", order=26)
    navigation.add_entry("hand_overs.index", _l("Hand-overs"), icon="truck", permission="custody.hand_over", order=32)
    navigation.add_entry(
        "label_blocks.index", _l("Labels in advance"), icon="print", permission="custody.seal", order=33
    )
    navigation.add_entry(
        "storage.index",
        _l("Sample store"),
        icon="box",
        permission="custody.receive",
        order=34,
        beside=("kept.index", "stock.index"),
    )
    navigation.add_entry(
        "unblinding.index",
        _l("Unblinding"),
        icon="eye",
        permission="custody.unblind",
        order=36,
        waiting=queries.count_open_unblindings,
    )
    app.context_processor(views.scan_from_anywhere)
    panels.register()
    register_seal_reader(queries.list_seal_nos)
    for check in verification.CHECKS:
        register_check("custody", check)
    register_chapter("custody", 30, demo.live)
    keeping.init_app(app)
    conditions.init_app(app)
