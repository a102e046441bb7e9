"""What was printed of a sample's labels."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chain_of_custody.models import LabelPrint
from chain_of_custody.types import LabelKind


def list_prints(session: Session, sample_id: UUID, kind: LabelKind) -> Sequence[LabelPrint]:
    """Every print of one kind of label of a sample, the newest first."""
    return session.scalars(
        select(LabelPrint)
        .where(LabelPrint.sample_id == sample_id, LabelPrint.kind == kind)
        .order_by(LabelPrint.print_no.desc())
    ).all()


def count_prints(session: Session, sample_id: UUID) -> Counter[str]:
    """How often the labels of a sample were printed, by kind."""
    rows = session.execute(
        select(LabelPrint.kind, func.count()).where(LabelPrint.sample_id == sample_id).group_by(LabelPrint.kind)
    )
    return Counter({kind.value: count for kind, count in rows})
