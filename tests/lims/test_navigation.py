"""The menu marks where one is."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.demo_people import PEOPLE
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


def test_a_page_outside_the_menu_marks_nothing(app: Flask, session: Session):
    assert active_at(app, "/me", Role.PLANNER) == []


@pytest.mark.parametrize("roles", sorted({somebody.roles for somebody in PEOPLE}))
def test_everybody_of_the_demonstration_begins_the_day_on_a_page_of_their_own(
    app: Flask, session: Session, roles: tuple[Role, ...]
):
    with app.test_request_context("/"):
        assert first_page(make_person(make_organisation(), *roles).actor) is not None
