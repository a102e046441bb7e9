"""Reads of checks, for the quality office of the laboratory and nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.models import BlindCode
from lims.catalog.models import FoodCategory, TestItem
from lims.errors import NotFoundError
from results.blind_checks.models import BlindCheck, BlindCheckScore, BlindCheckValue
from results.models import ItemResult, TestSet
from results.queries import BenchLine, list_lines, set_of_sample
from results.types import TestSetState
from sampling.models import Sample

PAGE = 50


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A line of the list: the check with the code it has on the bench, and how far the bench is."""

    check: BlindCheck
    check_no: str
    blind_code: str
    category: FoodCategory
    state: TestSetState


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One item of a check.

    Attributes:
        known: what was put in; None for an item nothing is known of.
        result: what the bench found; shown once its reviewer has locked it.
        compared: of a split: what was found in the sample it was taken from, once that is locked, too.
        score: None before the evaluation, and for what could not be scored.
    """

    item: TestItem
    known: BlindCheckValue | None
    result: ItemResult | None
    compared: ItemResult | None
    score: BlindCheckScore | None


def list_checks(
    session: Session, lab_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> list[CheckRow]:
    """The checks of a laboratory, the newest first.

    Args:
        session: to read with.
        lab_id: the laboratory.
        after: instant and sample of the last one of the page before.
        limit: how many.
    """
    query = _rows().where(BlindCheck.lab_id == lab_id)
    if after is not None:
        query = query.where(sa.tuple_(BlindCheck.prepared_at, BlindCheck.sample_id) < sa.tuple_(*after))
    rows = session.execute(query.order_by(BlindCheck.prepared_at.desc(), BlindCheck.sample_id.desc()).limit(limit))
    return [CheckRow(*row) for row in rows]


def get_check(session: Session, lab_id: UUID, sample_id: UUID) -> CheckRow:
    """One check of a laboratory.

    Raises:
        NotFoundError: it has none such.
    """
    row = session.execute(_rows().where(BlindCheck.sample_id == sample_id, BlindCheck.lab_id == lab_id)).one_or_none()
    if row is None:
        raise NotFoundError
    return CheckRow(*row)


def _rows() -> sa.Select[BlindCheck, str, str, FoodCategory, TestSetState]:
    return (
        sa.select(BlindCheck, Sample.sampling_no, BlindCode.code, FoodCategory, TestSet.state)
        .join(Sample, Sample.id == BlindCheck.sample_id)
        .join(FoodCategory, FoodCategory.id == Sample.food_category_id)
        .join(BlindCode, sa.and_(BlindCode.sample_id == Sample.id, BlindCode.retired_at.is_(None)))
        .join(TestSet, TestSet.sample_id == Sample.id)
    )


def lines_of(session: Session, check: BlindCheck) -> list[CheckLine]:
    """The items of a check in the order of the worklist, with what is known and what was found."""
    known = {
        one.item_id: one
        for one in session.scalars(sa.select(BlindCheckValue).where(BlindCheckValue.sample_id == check.sample_id))
    }
    scores = {
        one.item_id: one
        for one in session.scalars(sa.select(BlindCheckScore).where(BlindCheckScore.sample_id == check.sample_id))
    }
    found = locked_lines(session, check.sample_id)
    compared = locked_lines(session, check.split_of_id) if check.split_of_id else {}
    items = [line.item for line in list_lines(session, set_of_sample(session, check.sample_id).id)]
    return [
        CheckLine(
            item,
            known.get(item.id),
            found[item.id].result if item.id in found else None,
            compared[item.id].result if item.id in compared else None,
            scores.get(item.id),
        )
        for item in items
    ]


def locked_lines(session: Session, sample_id: UUID) -> Mapping[UUID, BenchLine]:
    """The lines of a sample's worklist by item, once its results are locked; none before."""
    test_set = set_of_sample(session, sample_id)
    if test_set.state is not TestSetState.LOCKED:
        return {}
    return {line.item.id: line for line in list_lines(session, test_set.id)}


def values_of(session: Session, sample_id: UUID) -> Sequence[BlindCheckValue]:
    """What is known of a material, by item."""
    return session.scalars(
        sa.select(BlindCheckValue).where(BlindCheckValue.sample_id == sample_id).order_by(BlindCheckValue.item_id)
    ).all()
