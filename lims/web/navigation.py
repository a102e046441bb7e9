"""The menu: each package adds its first pages; a person sees those their roles open."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request, url_for
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import PUBLIC
from lims.db import db
from lims.i18n import LazyString

Counter = Callable[[Session, Actor], int]
"""How much waits for a person behind an entry; asked for every page they see, so it must be one cheap read."""


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry as a package registers it."""

    endpoint: str
    label: LazyString
    icon: str
    permission: str
    order: int
    begins_day: bool
    waiting: Counter | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry as a template shows it."""

    url: str
    label: LazyString
    icon: str
    active: bool
    count: int = 0


_entries: dict[str, NavEntry] = {}
_public: dict[str, NavEntry] = {}


def add_entry(
    endpoint: str,
    label: LazyString,
    *,
    icon: str,
    permission: str,
    order: int,
    begins_day: bool = True,
    waiting: Counter | None = None,
    beside: tuple[str, ...] = (),
) -> None:
    """Put a page into the menu; `order` places it along the path of a sample (plan 10 … cases 80, admin 90).

    A page with `begins_day=False` is one to look things up in: it stands in the menu and is nobody's first page.
    With `waiting` the entry shows how much waits there for the person; nothing is shown for 0. `beside` names pages at
    addresses of their own that are tabs of this one: on them, and below them, this entry is marked.
    """
    _entries[endpoint] = NavEntry(endpoint, label, icon, permission, order, begins_day, waiting, beside)


def add_public_entry(endpoint: str, label: LazyString, *, order: int) -> None:
    """Put a page into the menu of citizens (picks 10, results 20, report check 30)."""
    _public[endpoint] = NavEntry(endpoint, label, "", PUBLIC, order, begins_day=False)


def public_items() -> list[tuple[LazyString, str, bool]]:
    """The menu of citizens, as `layout/public.html` shows it: words, address, whether the page stands below it."""
    shown = [
        (url_for(entry.endpoint), entry)
        for entry in sorted(_public.values(), key=lambda entry: (entry.order, entry.endpoint))
        if _is_served(entry)
    ]
    above = [url for url, _entry in shown if f"{request.path}/".startswith(f"{url.rstrip('/')}/")]
    active = max(above, key=len, default=None)
    return [(entry.label, url, url == active) for url, entry in shown]


def items_for(actor: Actor) -> list[NavItem]:
    """The menu of one person; the entry whose address the page stands below is active, the closest one if several."""
    shown = [
        (url_for(entry.endpoint), entry)
        for entry in sorted(_entries.values(), key=lambda entry: (entry.order, entry.endpoint))
        if _is_served(entry) and (entry.permission == PUBLIC or actor.may(entry.permission))
    ]
    standing_for = {url: entry.endpoint for url, entry in shown}
    for _url, entry in shown:
        standing_for.update((url_for(page), entry.endpoint) for page in entry.beside)
    above = [url for url in standing_for if f"{request.path}/".startswith(f"{url.rstrip('/')}/")]
    active = standing_for[max(above, key=len)] if above else None
    return [
        NavItem(
            url,
            entry.label,
            entry.icon,
            entry.endpoint == active,
            entry.waiting(db.session, actor) if entry.waiting else 0,
        )
        for url, entry in shown
    ]


def first_page(actor: Actor) -> str | None:
    """Where a person begins their day: the first entry their roles open."""
    shown = sorted(_entries.values(), key=lambda entry: (entry.order, entry.endpoint))
    return next(
        (
            url_for(entry.endpoint)
            for entry in shown
            if entry.begins_day and _is_served(entry) and actor.may(entry.permission)
        ),
        None,
    )


def _is_served(entry: NavEntry) -> bool:
    """Whether this application has the page: entries are registered for the process, which may hold several."""
    return entry.endpoint in current_app.view_functions
