"""`lims verify settlements`: a settlement is the sum of its lines."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Finding
from results.settlement.models import Settlement, SettlementLine


def check_settlements(session: Session) -> Finding:
    """Total and number of samples are those of the lines, which stand exactly as long as the settlement does."""
    finding = Finding("a settlement is the sum of its lines")
    rows = session.execute(
        sa.select(
            Settlement,
            sa.func.count(SettlementLine.sample_id),
            sa.func.coalesce(sa.func.sum(SettlementLine.price - SettlementLine.deduction), 0),
            sa.func.count().filter(SettlementLine.is_standing),
        )
        .outerjoin(SettlementLine, SettlementLine.settlement_id == Settlement.id)
        .group_by(Settlement.id)
        .order_by(Settlement.id)
    )
    for settlement, lines, total, standing in rows:
        finding.checked += 1
        expected = {"samples": lines, "total": total}
        for column, value in expected.items():
            if getattr(settlement, column) != value:
                finding.violate("settlement", str(settlement.id), column)
        if standing != (0 if settlement.withdrawn_at else lines):
            finding.violate("settlement", str(settlement.id), "withdrawn_at")
    return finding
