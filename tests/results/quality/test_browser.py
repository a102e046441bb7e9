"""A batch of 96 positions from the keyboard alone: arrows, Enter, one pasted block, and no mouse at all."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from lims.db import db
from results.models import ItemResult
from results.quality.models import QcResult, QcVerdict
from results.quality.types import PlannedSlot, QcOutcome, SlotKind
from tests.browser import log_in
from tests.factories.people import PASSWORD
from tests.factories.quality import METHOD, control, line_of, make_batch, make_lot, make_quality_manager, make_sets
from tests.factories.sampling import make_team

pytestmark = pytest.mark.browser

POSITIONS, SAMPLES = 96, 4
NO_MOUSE = """() => {
  window.mouse = 0;
  for (const kind of ["mousedown", "pointerdown", "touchstart"])
    document.addEventListener(kind, () => { window.mouse += 1; }, true);
}"""


def test_a_batch_of_96_positions_is_entered_from_the_keyboard_alone(page, live_server):
    team = make_team()
    sets = make_sets(team, SAMPLES)
    lot_id = make_lot(make_quality_manager(team), line_of(sets[0]).item.id, METHOD)
    blanks = [PlannedSlot(SlotKind.BLANK)] * (POSITIONS - SAMPLES - 2)
    batch = make_batch(team, METHOD, [one.blind_code for one in sets], *blanks, control(lot_id))
    log_in(page, live_server, team.tester.username, PASSWORD)
    page.goto(f"{live_server.url}/quality/batches/{batch.batch_no}")
    page.evaluate(NO_MOUSE)
    cells = page.locator("input[name^='result-']")
    expect(cells).to_have_count(POSITIONS)
    expect(cells.first).to_be_focused()
    page.keyboard.type("未检出")
    page.keyboard.press("Enter")
    expect(cells.nth(1)).to_be_focused()
    column = ["未检出"] * (POSITIONS - SAMPLES - 2) + ["0.52"] + ["0.05"] * SAMPLES
    page.evaluate(
        """text => {
          const sent = new DataTransfer();
          sent.setData("text/plain", text);
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: sent, bubbles: true }));
        }""",
        "\n".join(column),
    )
    assert page.evaluate("window.mouse") == 0
    page.keyboard.press("Control+Enter")
    page.get_by_text(f"{POSITIONS} results saved and judged").wait_for()
    with db.new_session() as session:
        assert session.scalar(sa.select(sa.func.count(QcResult.id))) == POSITIONS - SAMPLES
        assert session.scalar(sa.select(sa.func.count(ItemResult.id))) == SAMPLES
        assert set(session.scalars(sa.select(QcVerdict.outcome))) == {QcOutcome.IN_CONTROL}
