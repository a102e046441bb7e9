"""A scanner and a technician at the pages of instruments, in a real browser."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from instruments.models import Instrument, RunSlot
from instruments.services.readings import take_readings
from lims.db import db
from lims.uow import unit_of_work
from tests.browser import LiveServer, log_in
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.people import PASSWORD
from tests.factories.sampling import make_team

pytestmark = pytest.mark.browser
EXPORT = "样品编号,项目,结果,单位\nA7,铅,0.02,mg/kg\nA8,铅,0.5,mg/kg\n"


@pytest.fixture
def team(live_server: LiveServer):
    return make_team()


def scan(page: Page, code: str) -> None:
    """What a keyboard-wedge scanner types."""
    for key in code:
        page.keyboard.press(key)
    page.keyboard.press("Enter")


def test_tubes_are_scanned_into_slots_and_the_run_opens(page: Page, live_server: LiveServer, team):
    codes = [make_recoded_sample(team)[1] for _ in range(2)]
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, "reader", [make_delivered()])
    with db.read_session() as session:
        instrument_id = session.scalars(sa.select(Instrument.id)).one()
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/instruments/{instrument_id}/run")
    for code in codes:
        scan(page, code)
    expect(page.locator("[name='slot-1']")).to_have_value(codes[0])
    expect(page.locator("[name='slot-2']")).to_have_value(codes[1])
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Open run")).to_be_visible()
    with db.read_session() as session:
        loaded = session.execute(sa.select(RunSlot.slot, RunSlot.blind_code).order_by(RunSlot.slot)).all()
    assert [tuple(row) for row in loaded] == [("1", codes[0]), ("2", codes[1])]


def test_the_preview_follows_what_is_said_of_the_columns(page: Page, live_server: LiveServer, team):
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/instruments/files/")
    page.fill("[name=instrument]", "原子吸收")
    page.set_input_files("[name=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": EXPORT.encode("gb18030")})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("link", name="Say what its columns mean").click()
    preview = page.locator("#profile-preview")
    expect(preview).to_contain_text("0.02")
    page.select_option("[name='role-2']", "ignored")
    expect(preview).to_contain_text("say which column holds the value")
    page.select_option("[name='role-2']", "value")
    page.fill("[name=unit]", "g/kg")
    page.select_option("[name='role-3']", "ignored")
    expect(preview).to_contain_text("0.02 g/kg")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_role("button", name="Take all 2 readings")).to_be_visible()
    page.get_by_role("button", name="Take all 2 readings").click()
    expect(page.get_by_text("2 readings taken").first).to_be_visible()
