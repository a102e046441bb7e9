"""Acts that take two persons, in a real browser: the second one finds what waits, and decides with the keyboard."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from chain_of_custody import services
from chain_of_custody.models import LabelBlock, StorageMove, Unblinding
from chain_of_custody.queries import list_block_labels, list_portions
from chain_of_custody.types import PlaceLevel, UnblindingOutcome
from lims import clock
from lims.auth.permissions import Role
from lims.db import db
from lims.decisions import Outcome
from lims.symbols import read_symbols
from lims.uow import unit_of_work
from sampling.models import FormCorrection
from tests.browser import LiveServer, log_in
from tests.chain_of_custody.test_labels import zpl_picture
from tests.conftest import NOW
from tests.factories.chain_of_custody import ALL_GOOD, make_arrived_sample, make_recoded_sample
from tests.factories.people import PASSWORD, make_organisation, make_person
from tests.factories.sampling import make_sample, make_team

pytestmark = pytest.mark.browser

SHELF = "S-101"


def choose(page: Page, value: str) -> None:
    """Tick one of the choices of a decision from the keyboard."""
    page.locator(f"input[name=decision][value={value}]").focus()
    page.keyboard.press("Space")


def scan(page: Page, code: str) -> None:
    """Keys as fast as a scanner's, ended by Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def log_in_instead(page: Page, server: LiveServer, username: str) -> None:
    """The next person sits down at the same browser."""
    page.context.clear_cookies()
    log_in(page, server, username, PASSWORD)


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
    log_in_instead(page, live_server, quality.username)
    page.get_by_role("link", name="Unblinding Waiting: 1").press("Enter")
    page.get_by_role("link", name=code).click()
    choose(page, "opened")
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_role("heading", name="Whose sample it is").wait_for()
    with db.read_session() as session:
        assert session.scalars(sa.select(Unblinding.outcome)).one() is UnblindingOutcome.OPENED


def test_a_correction_that_a_planner_approves_is_seen_on_the_form_with_what_stood_there(
    live_server: LiveServer, page: Page
):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/corrections/samples/{sample_id}/party_name")
    page.locator("[name=party_name]").fill("清河县利民蔬菜店")
    page.locator("[name=reason]").fill("The sign over the door says otherwise.")
    page.get_by_role("button", name="Ask for the correction").press("Enter")
    page.get_by_text("The form stays as it is until a planner approves.").wait_for()
    log_in_instead(page, live_server, team.planner.username)
    page.goto(f"{live_server.url}/corrections/")
    page.locator("main td a").first.press("Enter")
    choose(page, "approved")
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_role("link", name="Open the sample").press("Enter")
    row = page.get_by_role("row").filter(has_text="清河县利民蔬菜店").filter(has_text="清河县惠民超市")
    row.get_by_text("Approved").wait_for()
    assert page.get_by_text("清河县利民蔬菜店").count() > 1, "the form says it too"


def test_a_refused_portion_goes_by_two_persons_and_is_gone_from_its_shelf(live_server: LiveServer, page: Page):
    team = make_team()
    second = make_person(team.lab_id, Role.CUSTODIAN)
    sample_id = make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        services.record_reception(uow, sample_id, replace(ALL_GOOD, seal_intact=False), "封条破损")
        services.add_place(uow, SHELF, "检验楼", PlaceLevel.SITE)
        numbers = [portion.portion_no for portion in list_portions(uow.session, sample_id)]
        for number in numbers:
            services.move_portion(uow, number, SHELF)
    log_in(page, live_server, team.custodian.username, PASSWORD)
    scan(page, SHELF)
    expect(page.get_by_role("row").filter(has_text=numbers[0])).to_have_count(1)
    page.goto(f"{live_server.url}/custody/keeping/")
    for number in numbers:
        scan(page, number)
    page.locator("[name=reason]").fill("退回送样单位")
    page.get_by_role("button", name="Propose").press("Enter")
    page.get_by_text("It waits for another person").wait_for()
    log_in_instead(page, live_server, second.username)
    page.get_by_role("link", name="Disposals").press("Enter")
    page.locator("main td a").first.press("Enter")
    page.get_by_label("Weight with packing").fill("4.00")
    page.get_by_label("Who else saw it").fill("周师傅")
    page.keyboard.press("Enter")
    page.get_by_text("The custody of these portions has ended.").wait_for()
    scan(page, SHELF)
    page.get_by_text("Nothing stands here").wait_for()
    scan(page, numbers[0])
    page.get_by_text("Disposed of").first.wait_for()


def test_another_blind_code_is_given_and_the_bench_finds_the_set_under_it_only(live_server: LiveServer, page: Page):
    team = make_team()
    sample_id, old = make_recoded_sample(team)
    log_in(page, live_server, team.custodian.username, PASSWORD)
    page.goto(f"{live_server.url}/custody/samples/{sample_id}/blind-code")
    page.locator("input[name=blindness][value=covered]").focus()
    page.keyboard.press("Space")
    page.locator("textarea[name=reason]").fill("The label came off at the bench.")
    page.get_by_role("button", name="Give another blind code").press("Enter")
    page.get_by_text("Take the old label off and put the new one on.").wait_for()
    with db.read_session() as session:
        new = session.execute(
            sa.text("SELECT code FROM blind_code WHERE sample_id = :sample AND code <> :old"),
            {"sample": sample_id, "old": old},
        ).scalar_one()
    expect(page.get_by_role("row").filter(has_text=old)).to_contain_text("The label came off at the bench.")
    log_in_instead(page, live_server, team.tester.username)
    page.goto(f"{live_server.url}/bench/")
    assert page.get_by_text(old).count() == 0
    scan(page, new)
    page.wait_for_url(f"**/{new}")


def test_what_was_refused_is_done_once_the_authorisation_stands_on_the_page_of_the_person(
    live_server: LiveServer, page: Page
):
    team = make_team()
    novice = make_person(team.lab_id, Role.CUSTODIAN, is_authorised=False)
    administrator = make_person(make_organisation(), Role.ADMINISTRATOR)
    make_arrived_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        services.add_place(uow, SHELF, "检验楼", PlaceLevel.SITE)
    with db.read_session() as session:
        number = session.execute(sa.text("SELECT portion_no FROM portion ORDER BY portion_no LIMIT 1")).scalar_one()

    def put_away() -> None:
        scan(page, SHELF)
        page.wait_for_url("**/places/*")
        scan(page, number)

    log_in(page, live_server, novice.username, PASSWORD)
    put_away()
    page.get_by_text("is not authorised for keeping samples").first.wait_for()
    log_in_instead(page, live_server, administrator.username)
    page.goto(f"{live_server.url}/admin/people/{novice.person_id}")
    page.locator("select[name=kind]").select_option("custody")
    page.locator("[name=valid_to]").last.fill(f"{clock.local_date(NOW).replace(year=2027)}")
    page.get_by_role("button", name="Record an authorisation").press("Enter")
    page.get_by_text("The authorisation is recorded.").wait_for()
    log_in_instead(page, live_server, novice.username)
    put_away()
    page.get_by_text("Moved.").wait_for()
    with db.read_session() as session:
        assert session.scalars(sa.select(StorageMove.moved_by_id)).all() == [novice.person_id]


def test_a_correction_is_declined_with_a_sentence_only(live_server: LiveServer, page: Page):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/corrections/samples/{sample_id}/party_name")
    page.locator("[name=party_name]").fill("清河县利民蔬菜店")
    page.locator("[name=reason]").fill("The sign over the door says otherwise.")
    page.get_by_role("button", name="Ask for the correction").press("Enter")
    page.get_by_text("The form stays as it is until a planner approves.").wait_for()
    log_in_instead(page, live_server, team.planner.username)
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


def test_a_block_of_labels_is_taken_and_printed_and_its_first_label_becomes_a_portion(
    live_server: LiveServer, page: Page
):
    team = make_team()
    sample_id = make_sample(team)
    log_in(page, live_server, team.samplers[0].username, PASSWORD)
    page.goto(f"{live_server.url}/custody/label-blocks/")
    page.locator("[name=count]").fill("4")
    page.keyboard.press("Enter")
    page.wait_for_url("**/print")
    with db.read_session() as session:
        labels = [one.label_no for one in list_block_labels(session, session.scalars(sa.select(LabelBlock.id)).one())]
    page.locator("input[name=written_in][value=zpl]").focus()
    page.keyboard.press("Space")
    with page.expect_download() as printed:
        page.get_by_role("button", name="Print").press("Enter")
    jobs = Path(printed.value.path()).read_bytes().split(b"^XZ\n")[:-1]
    read = [{found.text for found in read_symbols(zpl_picture(job + b"^XZ\n").convert("L"))} for job in jobs]
    assert read == [{number} for number in labels]
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
