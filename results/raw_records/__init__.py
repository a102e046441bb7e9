"""原始记录, the original record: printed from what the bench entered, on the controlled template of the day."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what original records bring."""
    from lims.auth.permissions import Role, declare
    from lims.demo import Part, register_chapter
    from lims.i18n import lazy_gettext as _l
    from lims.web import navigation
    from lims.web.api import register_api
    from lims.web.panels import register_panel
    from results.raw_records import api, demo, views
    from results.raw_records.panels import record_panel
    from sampling.evidence_panels import SUBJECT

    declare("results.record_templates", {Role.QUALITY_MANAGER})
    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    register_panel(SUBJECT, 41, record_panel)
    navigation.add_entry(
        "raw_records.index",
        _l("Record templates"),
        icon="file",
        permission="results.record_templates",
        order=61,
        begins_day=False,
    )
    register_chapter("raw_records", 37, demo.live, Part.DOWNSTREAM)
