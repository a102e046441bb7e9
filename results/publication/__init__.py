"""The publication gate and what lies behind it: public results, open data, pages of a business."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what publication brings."""
    from datetime import timedelta

    from lims.auth.permissions import Role, declare
    from lims.i18n import lazy_gettext as _l
    from lims.outbox.tasks import register_periodic
    from lims.verification import register_check
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel
    from results.cli import results_group
    from results.publication import api, cli, panels, subscribers, table_api, table_views, tasks, verification, views

    subscribers.register()
    declare("results.compare_tables", {Role.PLANNER, Role.ENFORCEMENT_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR})
    app.register_blueprint(views.bp)
    app.register_blueprint(table_views.bp)
    results_group.add_command(cli.published_command)
    register_api(app, api.blp)
    register_api(app, table_api.blp)
    navigation.add_public_entry("public_results.index", _l("Results"), order=20)
    navigation.add_entry(
        "publication_tables.index",
        _l("Publication tables"),
        icon="ledger",
        permission="results.compare_tables",
        order=82,
    )
    register_periodic("results.publication.publish", timedelta(minutes=30), tasks.publish)
    register_panel("sample", 70, panels.publication_panel)
    for check in verification.PUBLICATION:
        register_check("publication", check)
