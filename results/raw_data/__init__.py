"""Raw data: the files that stand behind the results of a set, kept under their digest."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: "Flask") -> None:
    """Register what raw data bring."""
    from lims.demo import Part, register_chapter
    from lims.verification import register_check
    from lims.web.api import register_api
    from results.raw_data import api, demo, views
    from results.raw_data.verification import check_files

    app.register_blueprint(views.bp)
    register_api(app, api.blp)
    app.jinja_env.globals.update(raw_data_of=views.raw_data_of)
    register_check("raw_data", check_files)
    register_chapter("raw_data", 41, demo.live, Part.DOWNSTREAM)
