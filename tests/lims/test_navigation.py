"""The menu marks where one is."""

from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.demo_people import PEOPLE
from lims.web import navigation
from lims.web.navigation import first_page, items_for
from tests.factories.people import make_organisation, make_person


def active_at(app: Flask, path: str, *roles: Role) -> list[str]:
    actor = make_person(make_organisation(), *roles).actor
    with app.test_request_context(path):
        return [item.url for item in items_for(actor) if item.active]


def test_only_the_page_one_is_on_is_marked_though_two_pages_share_a_blueprint(app: Flask, session: Session):
    assert active_at(app, "/ops", Role.ADMINISTRATOR) == ["/ops"]
    assert active_at(app, "/admin", Role.ADMINISTRATOR) == ["/admin"]


def test_a_page_below_an_entry_marks_the_entry_closest_to_it(app: Flask, session: Session):
    assert active_at(app, "/plan/rounds/new", Role.PLANNER) == ["/plan/rounds/"]


def test_the_tabs_of_an_entry_mark_it_wherever_their_addresses_stand(app: Flask, session: Session):
    for tab in ("/custody/places/", "/custody/keeping/", "/custody/counts/", f"/custody/counts/{uuid4()}"):
        assert active_at(app, tab, Role.CUSTODIAN) == ["/custody/places/"], tab
    assert active_at(app, "/custody/disposals/", Role.CUSTODIAN) == ["/custody/disposals/"]


def test_a_page_outside_the_menu_marks_nothing(app: Flask, session: Session):
    assert active_at(app, "/me", Role.PLANNER) == []


@pytest.mark.parametrize("roles", sorted({somebody.roles for somebody in PEOPLE}))
def test_everybody_of_the_demonstration_begins_the_day_on_a_page_of_their_own(
    app: Flask, session: Session, roles: tuple[Role, ...]
):
    with app.test_request_context("/"):
        assert first_page(make_person(make_organisation(), *roles).actor) is not None


def test_an_entry_shows_how_much_waits_behind_it_for_the_person(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
):
    actor = make_person(make_organisation(), Role.PLANNER).actor
    with app.test_request_context("/"):
        [entry] = [one for one in navigation._entries.values() if one.endpoint == "rounds.index"]
        counted = replace(entry, waiting=lambda _session, whose: 3 if whose is actor else 0)
        monkeypatch.setitem(navigation._entries, entry.endpoint, counted)
        shown = {item.url: item.count for item in items_for(actor)}
        assert shown["/plan/rounds/"] == 3
        assert not any(count for url, count in shown.items() if url != "/plan/rounds/")
