"""What the store of custody asks: when the clock of a kept portion began."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.keeping.types import Concluded
from results.models import Conclusion
from sampling.types import SampleVerdict


def conclusions_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, Concluded]:
    """The signed conclusion of each of these samples that has one.

    The clock runs from the first conclusion: a recheck that passes does not shorten what has been kept for a fail.
    """
    rows = session.execute(
        sa.select(Conclusion.sample_id, Conclusion.signed_at, Conclusion.verdict)
        .where(Conclusion.sample_id.in_(sample_ids))
        .order_by(Conclusion.sample_id)
    )
    return {row.sample_id: Concluded(row.signed_at, row.verdict is SampleVerdict.PASS) for row in rows}
