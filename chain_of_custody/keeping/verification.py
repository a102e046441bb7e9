"""`lims verify custody`: what was disposed of, and what was counted, each in one set-based pass."""

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from chain_of_custody.keeping.models import Disposal, DisposalLine, StockCount, StockDifference
from chain_of_custody.keeping.types import DisposalState
from chain_of_custody.models import BackupRelease, CustodyEntry
from chain_of_custody.types import CustodyKind
from lims.verification import Check, Finding


def check_disposals(session: Session) -> Finding:
    """I2: every disposal that was carried out ended the custody of its portions, by two persons."""
    lines = session.scalar(select(func.count()).select_from(DisposalLine)) or 0
    finding = Finding("I2 custody ends with a disposal of two persons", checked=lines)
    ended = exists().where(
        CustodyEntry.portion_id == DisposalLine.portion_id,
        CustodyEntry.disposal_id == Disposal.id,
        CustodyEntry.kind == CustodyKind.DISPOSED,
    )
    is_done = Disposal.state == DisposalState.DONE
    astray = (
        select(DisposalLine.portion_id)
        .join(Disposal, Disposal.id == DisposalLine.disposal_id)
        .where(
            or_(
                is_done != ended,
                DisposalLine.stands != (Disposal.state != DisposalState.WITHDRAWN),
                and_(is_done, Disposal.ended_by_id == Disposal.proposed_by_id),
            )
        )
        .order_by(DisposalLine.disposal_id, DisposalLine.portion_id)
    )
    for portion_id in session.scalars(astray):
        finding.violate("disposal_line", str(portion_id), "portion_id")
    listed = exists().where(
        DisposalLine.disposal_id == CustodyEntry.disposal_id, DisposalLine.portion_id == CustodyEntry.portion_id
    )
    later = aliased(CustodyEntry)
    goes_on = exists().where(later.portion_id == CustodyEntry.portion_id, later.seq > CustodyEntry.seq)
    unlisted = (
        select(CustodyEntry.portion_id)
        .where(CustodyEntry.kind == CustodyKind.DISPOSED, or_(not_(listed), goes_on))
        .order_by(CustodyEntry.portion_id, CustodyEntry.seq)
    )
    for portion_id in session.scalars(unlisted):
        finding.violate("custody_entry", str(portion_id), "disposal_id")
    return finding


def check_releases(session: Session) -> Finding:
    """I3: a backup portion is released for a recheck or disposed of, never both."""
    releases = session.scalar(select(func.count()).select_from(BackupRelease)) or 0
    finding = Finding("I3 no portion is both released and disposed of", checked=releases)
    both = (
        select(BackupRelease.portion_id)
        .join(CustodyEntry, CustodyEntry.portion_id == BackupRelease.portion_id)
        .where(CustodyEntry.kind == CustodyKind.DISPOSED, BackupRelease.withdrawn_at.is_(None))
        .order_by(BackupRelease.portion_id)
    )
    for portion_id in session.scalars(both):
        finding.violate("backup_release", str(portion_id), "portion_id")
    return finding


def check_counts(session: Session) -> Finding:
    """A count has its differences once it is closed, and none before."""
    counts = session.scalar(select(func.count()).select_from(StockCount)) or 0
    finding = Finding("Counts of the store are closed whole", checked=counts)
    early = (
        select(StockDifference.stock_count_id)
        .join(StockCount, StockCount.id == StockDifference.stock_count_id)
        .where(StockCount.closed_at.is_(None))
        .order_by(StockDifference.stock_count_id, StockDifference.scanned)
    )
    for count_id in session.scalars(early):
        finding.violate("stock_difference", str(count_id), "stock_count_id")
    return finding


CHECKS: tuple[Check, ...] = (check_disposals, check_releases, check_counts)
