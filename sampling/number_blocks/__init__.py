"""Blocks of sampling numbers that the national system gave: taken from a sheet, leased in order, seen to their end."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what number blocks bring."""
    from lims.demo import register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel
    from sampling.number_blocks import api, demo, panels, verification, views
    from sampling.number_blocks.queries import count_low

    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    register_panel("plan", 15, panels.numbers_panel)
    navigation.add_entry(
        "number_blocks.index",
        _l("Sampling numbers"),
        icon="barcode",
        permission="sampling.plan",
        order=14,
        begins_day=False,
        waiting=count_low,
    )
    for check in verification.CHECKS:
        register_check("samples", check)
    register_chapter("number_blocks", 21, demo.live)
