"""Scanning at the counter, in a real browser: no mouse, no focus, and nothing scanned is lost."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from chain_of_custody.models import HandOverException
from chain_of_custody.queries import holder
from chain_of_custody.types import ExceptionKind
from lims.db import db
from tests.browser import LiveServer, log_in
from tests.factories.chain_of_custody import get_portion, make_offer, make_sealed_sample
from tests.factories.people import PASSWORD
from tests.factories.sampling import make_sample, make_team

pytestmark = pytest.mark.browser


def scan(page: Page, code: str) -> None:
    """Keys as fast as a scanner's, ended by Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_custodian_scans_a_load_in_and_what_is_not_on_the_list_is_kept(live_server: LiveServer, page: Page):
    team = make_team()
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    log_in(page, live_server, team.custodian.username, PASSWORD)
    assert page.url.endswith("/custody/")
    with db.read_session() as session:
        record_no = session.execute(
            sa.text("SELECT record_no FROM hand_over WHERE id = :id"), {"id": offer_id}
        ).scalar_one()
    scan(page, record_no)
    page.wait_for_url(f"**/hand-overs/{offer_id}")
    for number in numbers:
        scan(page, number)
    scan(page, "XBJ-UNEXPECTED-1")
    assert page.locator("input[value=intact]:checked").count() == len(numbers)
    assert page.locator("[name=extra]").input_value() == "XBJ-UNEXPECTED-1"
    page.get_by_role("button", name="Take over").click()
    page.get_by_text("1 thing did not match").wait_for()
    with db.read_session() as session:
        assert holder(session, get_portion(numbers[0]).id) == team.custodian.person_id
        [exception] = session.scalars(sa.select(HandOverException)).all()
        assert (exception.kind, exception.scanned) == (ExceptionKind.EXTRA, "XBJ-UNEXPECTED-1")


def test_seals_scanned_one_after_the_other_fill_the_fields_in_order(live_server: LiveServer, page: Page):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/field/samples/{sample_id}/seal")
    scan(page, "QH0000071")
    scan(page, "QH0000072")
    page.get_by_role("button", name="Sealed").click()
    page.get_by_role("heading", name="Sealed portions").wait_for()
    with db.read_session() as session:
        sealed = session.execute(
            sa.text("SELECT p.kind, s.seal_no FROM seal s JOIN portion p ON p.id = s.portion_id ORDER BY s.seal_no")
        ).all()
    assert [tuple(row) for row in sealed] == [("test", "QH0000071"), ("backup", "QH0000072")]


def test_the_label_of_a_portion_scanned_among_the_samples_finds_its_sample(live_server: LiveServer, page: Page):
    team = make_team()
    label = make_sealed_sample(team)[1][0]
    sampling_no = label.rsplit("-", 1)[0]
    make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/samples/")
    assert page.locator("tbody tr").count() == 2
    scan(page, label)
    page.wait_for_url("**/samples/?q=*")
    assert page.locator("tbody tr").all_inner_texts()[0].startswith(sampling_no)
    assert page.locator("tbody tr").count() == 1
