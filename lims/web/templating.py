"""What every template can use."""

import hashlib
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request, url_for

from lims.auth.permissions import ROLE_NAMES, Role
from lims.clock import local_time
from lims.i18n import LOCALES, current_locale
from lims.people.queries import get_organisation
from lims.quantities import format_measured
from lims.web.current import current_actor
from lims.web.navigation import items_for, public_items

STATIC = Path(__file__).parents[1] / "static"
DIGEST_LENGTH = 12


@lru_cache(maxsize=512)
def _fingerprint(name: str, _changed_ns: int) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:DIGEST_LENGTH]


def static_url(name: str) -> str:
    """The address of a file under `lims/static`, with its content's digest, so that it may be cached for ever."""
    known: dict[str, str] = g.setdefault("lims_static_urls", {})  # a long page draws one sprite hundreds of times
    if name not in known:
        changed = (STATIC / name).stat().st_mtime_ns
        known[name] = url_for("static", filename=name, v=_fingerprint(name, changed))
    return known[name]


def switch_locale_url() -> str:
    """The address that shows this page in the other language."""
    other = next(locale for locale in LOCALES if locale != current_locale())
    return url_for("lims.switch_locale", locale=other) + "?" + urlencode({"next": request.full_path.rstrip("?")})


def format_instant(value: datetime | None) -> str:
    """Local date and time to the minute: 2026-10-22 09:30."""
    return "" if value is None else local_time(value).strftime("%Y-%m-%d %H:%M")


def format_day(value: date | datetime | None) -> str:
    """A local date: 2026-10-22."""
    if value is None:
        return ""
    return (local_time(value) if isinstance(value, datetime) else value).strftime("%Y-%m-%d")


def role_name(role: str) -> str:
    """A role in the person's language."""
    return str(ROLE_NAMES[Role(role)])


def _context() -> dict[str, Any]:
    actor = current_actor()
    organisation = None
    if actor.organisation_id is not None and "lims_organisation" not in g:
        from lims.db import db

        g.lims_organisation = get_organisation(db.session, actor.organisation_id)
    organisation = g.get("lims_organisation")
    return {
        "current_actor": actor if actor.person_id else None,
        "current_organisation": organisation,
        "nav": items_for(actor),
        "public_nav": public_items(),
        "locale": current_locale(),
        "html_lang": "en" if current_locale() == "en" else "zh-CN",
    }


def init_app(app: Flask) -> None:
    """Register context, filters and functions."""
    app.context_processor(_context)
    app.jinja_env.globals.update(static_url=static_url, switch_locale_url=switch_locale_url, role_name=role_name)
    app.jinja_env.filters.update(instant=format_instant, day=format_day, measured=format_measured)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
