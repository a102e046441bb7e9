"""`lims verify urgent`: what was reported as dangerous was found to be so."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Finding
from results.models import ItemResult, TestSetItem
from results.types import ItemVerdict
from results.urgent.models import UrgentReport


def check_urgent_reports(session: Session) -> Finding:
    """Every 24-hour report that was sent stands on a result that failed before it was composed."""
    finding = Finding("a 24-hour report stands on results that failed")
    failed = (
        sa.select(ItemResult.id)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(
            TestSetItem.test_set_id == UrgentReport.test_set_id,
            ItemResult.verdict == ItemVerdict.FAIL,
            ItemResult.entered_at <= UrgentReport.found_at,
        )
    )
    sent = UrgentReport.sent_at.is_not(None)
    finding.checked = session.scalar(sa.select(sa.func.count()).select_from(UrgentReport).where(sent)) or 0
    for report_id in session.scalars(
        sa.select(UrgentReport.id).where(sent, ~failed.exists()).order_by(UrgentReport.id)
    ):
        finding.violate("urgent_report", str(report_id), "found_at")
    return finding
