"""The catalogue: what foods, items, methods, limits, regions, deadlines and days are called and worth, with sources."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register pages, API and commands of the catalogue."""
    from lims.auth.permissions import Role, declare
    from lims.catalog import api, edit_views, views
    from lims.catalog.cli import catalog_group
    from lims.catalog.labels import limit_words, reporting_words
    from lims.catalog.workdays import last_day
    from lims.i18n import lazy_gettext as _l
    from lims.web import navigation
    from lims.web.api import register_api

    declare("catalog.read", set(Role))
    declare("catalog.edit", {Role.ADMINISTRATOR})
    app.register_blueprint(views.bp)
    app.register_blueprint(edit_views.bp)
    register_api(app, api.blp)
    app.cli.add_command(catalog_group)
    app.jinja_env.globals.update(limit_words=limit_words, reporting_words=reporting_words)
    # A limit ends with its last day, at a midnight that is the first instant of the day after.
    app.jinja_env.filters.update(last_day=lambda due_at: "" if due_at is None else last_day(due_at).isoformat())
    navigation.add_entry(
        "catalog.index", _l("Catalogue"), icon="scale", permission="catalog.read", order=88, begins_day=False
    )
