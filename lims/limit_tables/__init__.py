"""Limits by the hundred: tables in the shape of the national base table, looked at row by row and decided by two."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register pages, API, commands and checks of limit tables."""
    from lims.auth.permissions import Role, declare
    from lims.catalog.cli import catalog_group
    from lims.demo import register_chapter
    from lims.limit_tables import api, demo, views
    from lims.limit_tables.cli import limit_table_command, template_command
    from lims.limit_tables.verification import check_rows
    from lims.verification import register_check
    from lims.web.api import register_api

    declare("catalog.decide_limits", {Role.ADMINISTRATOR, Role.QUALITY_MANAGER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    catalog_group.add_command(limit_table_command)
    catalog_group.add_command(template_command)
    register_check("limits", check_rows)
    register_chapter("limit_tables", 5, demo.live)
