"""`lims verify limits`: the rows of a limit table are those that were sent, and two people stand behind it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.decisions import Outcome
from lims.limit_tables.models import LimitTable
from lims.limit_tables.preview import rows_digest
from lims.limit_tables.queries import list_rows
from lims.verification import Finding


def check_rows(session: Session) -> Finding:
    """What was decided on is what was sent: the digest in the ledger is that of the rows."""
    finding = Finding("the rows of a limit table are those that were sent")
    tables = session.scalars(sa.select(LimitTable).order_by(LimitTable.requested_at, LimitTable.id))
    for table in tables:
        finding.checked += 1
        rows = list_rows(session, table.id)
        if rows_digest(table.valid_from, [(row.row_no, row.told) for row in rows]) != table.rows_sha256:
            finding.violate("limit_table", str(table.id), "rows_sha256")
        if table.outcome is Outcome.APPROVED and table.decided_by_id == table.requested_by_id:
            finding.violate("limit_table", str(table.id), "decided_by_id")
    return finding
