"""Two languages, complete: Chinese (default) and English.

Source strings are English. Every package keeps its Chinese in a catalogue of its own
(`lims/translations/zh_CN/<package>.po`), read straight from the text file at start: there is no compiled file that
could be older than its source. `tests/lims/test_i18n.py` fails on a missing, fuzzy or contradictory string.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale
from flask_babel.speaklater import LazyString

__all__ = [
    "DEFAULT_LOCALE",
    "LOCALES",
    "LazyString",
    "bilingual",
    "current_locale",
    "gettext",
    "lazy_gettext",
    "ngettext",
    "read_catalogue",
    "speaking",
]

LOCALES = {"zh_Hans_CN": "中文", "en": "English"}
DEFAULT_LOCALE = "zh_Hans_CN"
LOCALE_COOKIE = "lims_locale"
CATALOGUES = Path(__file__).parent / "translations"


_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def read_catalogue(path: Path) -> Translations:
    """One catalogue, straight from its text."""
    with path.open("rb") as text:
        catalogue = read_po(text, locale="zh_CN")
    binary = BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return Translations(binary)


@lru_cache(maxsize=len(LOCALES))
def load_translations(locale: str) -> NullTranslations:
    """All catalogues of one locale merged; English is what stands in the source."""
    if locale == "en":
        return Translations()
    merged: Translations | None = None
    for path in sorted((CATALOGUES / "zh_CN").glob("*.po")):
        translations = read_catalogue(path)
        merged = translations if merged is None else merged.merge(translations)
    return merged if merged is not None else Translations()


def gettext(string: str, **variables: Any) -> str:
    """The string in the language of the person, or of `LIMS_LOCALE` outside any request."""
    text = load_translations(current_locale()).gettext(string)
    return text % variables if variables else text


def ngettext(singular: str, plural: str, num: int, **variables: Any) -> str:
    """As `gettext`, for a counted thing; `%(num)s` is the count."""
    variables.setdefault("num", num)
    return load_translations(current_locale()).ngettext(singular, plural, num) % variables


def lazy_gettext(string: str, **variables: Any) -> LazyString:
    """As `gettext`, looked up when it is shown: for labels defined at import."""
    return LazyString(gettext, string, **variables)


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Say everything inside the block in one language, whoever reads: papers are Chinese."""
    token = _spoken.set(locale)
    try:
        yield
    finally:
        _spoken.reset(token)


def current_locale() -> str:
    """The locale in use: `zh_Hans_CN` or `en`."""
    if (spoken := _spoken.get()) is not None:
        return spoken
    locale = get_locale()
    if locale is not None:
        return "en" if locale.language == "en" else DEFAULT_LOCALE
    return current_locale_outside_requests()


def current_locale_outside_requests() -> str:
    """What `LIMS_LOCALE` asks for: the language of commands and background work."""
    return "en" if os.environ.get("LIMS_LOCALE", "").startswith("en") else DEFAULT_LOCALE


def bilingual(row: Any, field: str = "name") -> str:
    """The `name_zh` or `name_en` of a reference row, whichever the person reads; Chinese where English is absent."""
    chinese = getattr(row, f"{field}_zh")
    if current_locale() == "en":
        return cast("str", getattr(row, f"{field}_en") or chinese)
    return cast("str", chinese)


def select_locale() -> str:
    """What the person chose, else what the browser asks for, else Chinese."""
    if not has_request_context():
        return current_locale_outside_requests()
    chosen = getattr(g, "locale", None) or request.cookies.get(LOCALE_COOKIE)
    if chosen in LOCALES:
        return cast("str", chosen)
    best = request.accept_languages.best_match(["zh", "zh-CN", "en"], default="zh")
    return "en" if best == "en" else DEFAULT_LOCALE


def init_app(app: Flask) -> None:
    """Attach the languages to the application and to its templates."""
    Babel(
        app,
        default_locale=DEFAULT_LOCALE,
        default_timezone="Asia/Shanghai",
        locale_selector=select_locale,
    )
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(bilingual=bilingual, locales=LOCALES)
