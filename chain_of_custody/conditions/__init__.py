"""Conditions: how warm portions were on their way and in the store, as data loggers wrote it down."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what data loggers bring."""
    from chain_of_custody.conditions import api, views
    from lims.web.api import register_api

    app.register_blueprint(views.bp)
    register_api(app, api.blp)
