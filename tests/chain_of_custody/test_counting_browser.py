"""Counting a place in a real browser: the scanner writes one label after the other, without the mouse."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from chain_of_custody import services
from chain_of_custody.keeping.models import StockDifference
from chain_of_custody.keeping.types import DifferenceKind
from chain_of_custody.queries import list_portions
from chain_of_custody.types import PlaceLevel, PortionKind
from lims.db import db
from lims.uow import unit_of_work
from tests.browser import LiveServer, log_in
from tests.factories.chain_of_custody import make_received_sample
from tests.factories.people import PASSWORD
from tests.factories.sampling import make_team

pytestmark = pytest.mark.browser


def make_stored_portions(team, count: int) -> list[str]:
    """Backup portions of received samples, on one shelf with the code S-1."""
    with unit_of_work(team.custodian.actor) as uow:
        site = services.add_place(uow, "S", "检验楼", PlaceLevel.SITE)
        services.add_place(uow, "S-1", "一号架", PlaceLevel.SHELF, site.id)
    numbers = []
    for _turn in range(count):
        sample_id = make_received_sample(team)
        with unit_of_work(team.custodian.actor) as uow:
            for portion in list_portions(uow.session, sample_id):
                if portion.kind is PortionKind.BACKUP:
                    services.move_portion(uow, portion.portion_no, "S-1")
                    numbers.append(portion.portion_no)
    return numbers


def scan(page: Page, code: str) -> None:
    """Keys as fast as a scanner's, ended by Enter."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_shelf_is_counted_by_scans_and_what_was_not_scanned_is_missing(live_server: LiveServer, page: Page):
    team = make_team()
    numbers = make_stored_portions(team, 3)
    log_in(page, live_server, team.custodian.username, PASSWORD)
    scan(page, "S-1")
    page.get_by_role("button", name="Count it").click()
    page.get_by_role("heading", name="Scan what stands here").wait_for()
    for number in numbers[:2]:
        scan(page, number)
    assert page.locator("[name=codes]").input_value().split() == numbers[:2]
    page.get_by_role("button", name="Note them").click()
    page.get_by_text("2 portions noted.").wait_for()
    page.get_by_role("button", name="Close the count").click()
    page.get_by_role("dialog").get_by_role("button", name="Close the count").click()
    page.get_by_text("1 difference").wait_for()
    row = page.get_by_role("row").filter(has_text=numbers[2])
    row.get_by_text("Not found here").wait_for()
    row.get_by_role("textbox").fill("已在操作台找到，放回原处")
    row.get_by_role("button", name="Cleared up").click()
    page.get_by_text("Written down.").wait_for()
    with db.read_session() as session:
        resolved = session.scalars(sa.select(StockDifference)).one()
        assert (resolved.kind, resolved.scanned) == (DifferenceKind.MISSING, numbers[2])
        assert resolved.resolution == "已在操作台找到，放回原处"
