"""When the report of a sample is due: by the rule in force on the day it was received (product.md §3)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.models import Reception
from lims.catalog.queries import deadlines
from results.models import Conclusion, TestSet
from results.types import TestSetState
from sampling.models import Sample
from sampling.types import SampleState

REPORT_ISSUE = "report_issue"


@dataclass(frozen=True, slots=True)
class ReportDue:
    """The last day for the report of one sample.

    Attributes:
        days_left: working days left, negative when the day has passed; None once nothing is awaited any more, because
            the report is signed or the set ended untested. A check of the laboratory has no report: it ends when it is
            evaluated, or whoever tested it would see by its running clock which set was one.
        is_provisional: the calendar does not reach so far, the day may still move.
    """

    on: date
    days_left: int | None
    is_provisional: bool


def reports_due(session: Session, sets: Collection[TestSet], now: datetime) -> dict[UUID, ReportDue]:
    """When the report of each set's sample is due, by sample; the calendar is read once for all of them."""
    ids = [one.sample_id for one in sets]
    rows = session.execute(
        sa.select(Reception.sample_id, Reception.checked_at, Conclusion.id, Sample.state)
        .join(Sample, Sample.id == Reception.sample_id)
        .outerjoin(Conclusion, Conclusion.sample_id == Reception.sample_id)
        .where(Reception.sample_id.in_(ids))
    ).all()
    ended = {one.sample_id for one in sets if one.state is TestSetState.GIVEN_UP}
    ended |= {
        sample_id
        for sample_id, _at, conclusion_id, state in rows
        if conclusion_id is not None or state is SampleState.EVALUATED
    }
    calendar, ends = deadlines(session, REPORT_ISSUE, [at for _id, at, _conclusion, _state in rows])
    return {
        sample_id: ReportDue(
            on=ends[at].on,
            days_left=None if sample_id in ended else calendar.days_left(ends[at].due_at, now),
            is_provisional=sample_id not in ended and ends[at].provisional,
        )
        for sample_id, at, _conclusion, _state in rows
    }
