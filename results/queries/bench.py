"""Reads of results, always totally ordered. What a bench role may call returns the blind set and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import FoodCategory, Method, TestItem
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from results.models import CorrectionProposal, ItemResult, ResultLock, TestReport, TestSet, TestSetItem
from results.types import TestSetState


@dataclass(frozen=True, slots=True)
class BenchSet:
    """A line of the bench's list: the code and what a tester needs, never whose sample it is."""

    blind_code: str
    category_zh: str
    category_en: str | None
    product_date: date
    state: TestSetState
    opened_at: datetime
    items: int
    entered: int


@dataclass(frozen=True, slots=True)
class BenchLine:
    """One item of a set with its method, its limit and the result that stands."""

    line: TestSetItem
    item: TestItem
    method: Method | None
    result: ItemResult | None


def find_set(session: Session, blind_code: str, lab_id: UUID) -> TestSet:
    """The worklist of a blind code of this laboratory.

    Raises:
        NotFoundError: an unknown code, or one of another laboratory: the two are not told apart.
    """
    found = session.scalar(sa.select(TestSet).where(TestSet.blind_code == blind_code, TestSet.lab_id == lab_id))
    if found is None:
        raise NotFoundError(_l("Unknown code %(code)s.", code=blind_code[:40]))
    return found


def set_of_sample(session: Session, sample_id: UUID) -> TestSet:
    """The worklist of a sample, for those who know whose it is.

    Raises:
        NotFoundError: it was not recoded.
    """
    found = session.scalar(sa.select(TestSet).where(TestSet.sample_id == sample_id))
    if found is None:
        raise NotFoundError
    return found


def list_sets(
    session: Session,
    lab_id: UUID,
    states: Sequence[TestSetState],
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[tuple[UUID, BenchSet]]:
    """Sets of a laboratory in these states, the oldest first, with how far they are."""
    entered = (
        sa.select(sa.func.count(sa.distinct(ItemResult.set_item_id)))
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(TestSetItem.test_set_id == TestSet.id)
        .scalar_subquery()
    )
    items = sa.select(sa.func.count()).where(TestSetItem.test_set_id == TestSet.id).scalar_subquery()
    query = (
        sa.select(TestSet, FoodCategory.name_zh, FoodCategory.name_en, items, entered)
        .join(FoodCategory, FoodCategory.id == TestSet.food_category_id)
        .where(TestSet.lab_id == lab_id, TestSet.state.in_(states))
        .order_by(TestSet.opened_at, TestSet.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(TestSet.opened_at, TestSet.id) > sa.tuple_(*map(sa.literal, after)))
    return [
        (one.id, BenchSet(one.blind_code, zh, en, one.product_date, one.state, one.opened_at, count, done))
        for one, zh, en, count, done in session.execute(query)
    ]


def standing_results(session: Session, test_set_id: UUID) -> dict[UUID, ItemResult]:
    """The last version of each result of a set, by worklist line."""
    rows = session.scalars(
        sa.select(ItemResult)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(TestSetItem.test_set_id == test_set_id)
        .order_by(ItemResult.set_item_id, ItemResult.version)
    )
    return {row.set_item_id: row for row in rows}


def list_lines(session: Session, test_set_id: UUID) -> list[BenchLine]:
    """The worklist of a set in its order."""
    results = standing_results(session, test_set_id)
    rows = session.execute(
        sa.select(TestSetItem, TestItem, Method)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .outerjoin(Method, Method.id == TestSetItem.method_id)
        .where(TestSetItem.test_set_id == test_set_id)
        .order_by(TestSetItem.position, TestSetItem.id)
    )
    return [BenchLine(line, item, method, results.get(line.id)) for line, item, method in rows]


def versions_of(session: Session, set_item_id: UUID) -> Sequence[ItemResult]:
    """Every version of one result, the first one first."""
    return session.scalars(
        sa.select(ItemResult).where(ItemResult.set_item_id == set_item_id).order_by(ItemResult.version)
    ).all()


def last_lock(session: Session, test_set_id: UUID) -> ResultLock | None:
    """The newest lock of a set, or None while it was never locked."""
    return session.scalar(
        sa.select(ResultLock).where(ResultLock.test_set_id == test_set_id).order_by(ResultLock.seq.desc()).limit(1)
    )


def open_proposals(session: Session, test_set_id: UUID) -> Sequence[CorrectionProposal]:
    """Corrections that wait for a second person, the oldest first."""
    return session.scalars(
        sa.select(CorrectionProposal)
        .join(TestSetItem, TestSetItem.id == CorrectionProposal.set_item_id)
        .outerjoin(ItemResult, ItemResult.proposal_id == CorrectionProposal.id)
        .where(TestSetItem.test_set_id == test_set_id, ItemResult.id.is_(None))
        .order_by(CorrectionProposal.proposed_at, CorrectionProposal.id)
    ).all()


def newest_report(session: Session, sample_id: UUID) -> TestReport | None:
    """The last composed report of a sample."""
    return session.scalar(
        sa.select(TestReport).where(TestReport.sample_id == sample_id).order_by(TestReport.version.desc()).limit(1)
    )
