"""Acts that take two persons, in a real browser: the second one finds what waits, and decides with the keyboard."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from chain_of_custody.models import LabelBlock, Unblinding
from chain_of_custody.queries import list_block_labels
from chain_of_custody.types import UnblindingOutcome
from lims.auth.permissions import Role
from lims.db import db
from lims.decisions import Outcome
from sampling.models import FormCorrection
from tests.browser import LiveServer, log_in
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.people import PASSWORD, make_person
from tests.factories.sampling import make_sample, make_team

pytestmark = pytest.mark.browser


def choose(page: Page, value: str) -> None:
    """Tick one of the choices of a decision from the keyboard."""
    page.locator(f"input[name=decision][value={value}]").focus()
    page.keyboard.press("Space")


def test_one_office_asks_and_the_other_finds_it_in_the_menu_and_opens_the_sample(live_server: LiveServer, page: Page):
    team = make_team()
    _sample_id, code = make_recoded_sample(team)
    head, quality = make_person(team.lab_id, Role.LAB_HEAD), make_person(team.lab_id, Role.QUALITY_MANAGER)
    log_in(page, live_server, head.username, PASSWORD)
    page.goto(f"{live_server.url}/custody/unblinding/")
    page.get_by_label("Blind code").fill(code)
    page.get_by_label("What has happened").fill("A child is in hospital.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("It waits for the other of the two offices.").wait_for()
    page.context.clear_cookies()
    log_in(page, live_server, quality.username, PASSWORD)
    page.get_by_role("link", name="Unblinding Waiting: 1").press("Enter")
    page.get_by_role("link", name=code).click()
    choose(page, "opened")
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_role("heading", name="Whose sample it is").wait_for()
    with db.read_session() as session:
        assert session.scalars(sa.select(Unblinding.outcome)).one() is UnblindingOutcome.OPENED


def test_a_correction_is_declined_with_a_sentence_only(live_server: LiveServer, page: Page):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/corrections/samples/{sample_id}/party_name")
    page.locator("[name=party_name]").fill("清河县利民蔬菜店")
    page.locator("[name=reason]").fill("The sign over the door says otherwise.")
    page.get_by_role("button", name="Ask for the correction").press("Enter")
    page.get_by_text("The form stays as it is until a planner approves.").wait_for()
    page.context.clear_cookies()
    log_in(page, live_server, team.planner.username, PASSWORD)
    page.goto(f"{live_server.url}/corrections/")
    page.locator("main td a").first.press("Enter")
    choose(page, "declined")
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_text("Say why.").first.wait_for()
    assert page.locator("input[name=decision][value=declined]").is_checked()
    page.get_by_label("Remark").fill("The licence says what the form says.")
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_text("Declined; the form stays as it is.").wait_for()
    with db.read_session() as session:
        assert session.scalars(sa.select(FormCorrection.outcome)).one() is Outcome.DECLINED


def test_a_block_of_labels_is_taken_and_its_first_label_becomes_a_portion(live_server: LiveServer, page: Page):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/custody/label-blocks/")
    page.locator("[name=count]").fill("4")
    page.keyboard.press("Enter")
    page.wait_for_url("**/print")
    with db.read_session() as session:
        labels = [one.label_no for one in list_block_labels(session, session.scalars(sa.select(LabelBlock.id)).one())]
    page.goto(f"{live_server.url}/field/samples/{sample_id}/seal")
    for code in (labels[0], "QH0000091", "QH0000092"):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Sealed").press("Enter")
    page.get_by_role("heading", name="Sealed portions").wait_for()
    page.goto(f"{live_server.url}/custody/find?code={labels[0]}")
    page.get_by_text("Held by").wait_for()
    page.goto(f"{live_server.url}/custody/find?code={labels[1]}")
    page.get_by_text("On no portion yet").wait_for()
