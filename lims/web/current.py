"""Who is behind this request."""

from typing import cast

from flask import g

from lims.actors import PUBLIC, Actor
from lims.auth.login import LoggedIn


def current_actor() -> Actor:
    """The person behind the request, or the public."""
    return cast("Actor", g.get("actor") or PUBLIC)


def current_login() -> LoggedIn | None:
    """The logged-in browser session; None for the public and for bearer tokens."""
    return cast("LoggedIn | None", g.get("login"))
