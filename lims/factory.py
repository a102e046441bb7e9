"""The Flask application with everything that is not of one package."""

from flask import Flask
from jinja2 import StrictUndefined

from lims import i18n
from lims.auth.permissions import PUBLIC, requires
from lims.config import Settings, data_folder
from lims.db import db
from lims.web import api, errors, guard, security, templating


def create_base_app(settings: Settings) -> Flask:
    """An application with languages, security, errors and templates, and no pages yet. Connects to nothing."""
    app = Flask(
        "lims",
        static_folder=str(templating.STATIC),
        static_url_path="/static",
        template_folder=str(data_folder("templates")),
    )
    app.extensions["lims.settings"] = settings
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000  # addresses of static files carry their digest
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.undefined = StrictUndefined
    i18n.init_app(app)
    security.init_app(app, settings)
    guard.init_app(app)
    api.init_app(app)
    errors.init_app(app)
    templating.init_app(app)
    requires(PUBLIC)(app.view_functions["static"])
    app.teardown_appcontext(db.close_request_session)
    return app


def finish_app(app: Flask) -> None:
    """Last step, after all packages: refuse to start with a route that declares no permission."""
    guard.check_routes(app)
