"""Reads of preparations: by number, from what they were made, and where they were used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from instruments.models import Instrument, ReagentLot
from lims.errors import NotFoundError
from lims.people.models import Person
from results.models import TestSet
from results.preparations.models import BatchMaterial, Preparation, PreparationParent
from results.preparations.types import Material, ParentKind
from results.quality.models import Batch, ControlLot

PAGE = 50


@dataclass(frozen=True, slots=True)
class PreparationRow:
    """A preparation with who made it, and of which sample."""

    preparation: Preparation
    prepared_by: str
    blind_code: str | None


@dataclass(frozen=True, slots=True)
class ParentRow:
    """What a preparation was made from, `depth` steps back, with what was taken of it."""

    depth: int
    parent: PreparationParent
    material: Material


def list_preparations(
    session: Session,
    lab_id: UUID,
    today: date,
    *,
    only_usable: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[PreparationRow]:
    """What a laboratory prepared, the newest first; or only what may be used on a day."""
    query = _rows().where(Preparation.lab_id == lab_id)
    if only_usable:
        query = query.where(Preparation.discarded_at.is_(None), Preparation.expires_on >= today)
    if after is not None:
        query = query.where(sa.tuple_(Preparation.prepared_at, Preparation.id) < sa.tuple_(*map(sa.literal, after)))
    rows = session.execute(query.order_by(Preparation.prepared_at.desc(), Preparation.id.desc()).limit(limit))
    return [PreparationRow(*row) for row in rows]


def get_preparation(session: Session, lab_id: UUID, number: str) -> PreparationRow:
    """One of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    row = session.execute(
        _rows().where(Preparation.lab_id == lab_id, Preparation.preparation_no == number)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return PreparationRow(*row)


def _rows() -> sa.Select[Preparation, str, str]:
    return (
        sa.select(Preparation, Person.name, TestSet.blind_code)
        .join(Person, Person.id == Preparation.prepared_by_id)
        .outerjoin(TestSet, TestSet.id == Preparation.test_set_id)
    )


def find_materials(session: Session, lab_id: UUID, number: str) -> list[Material]:
    """Everything of a laboratory that goes by a number: preparations, reagents in use, control and certified lots."""
    made = session.scalars(
        sa.select(Preparation).where(Preparation.lab_id == lab_id, Preparation.preparation_no == number)
    )
    reagents = session.scalars(
        sa.select(ReagentLot)
        .join(Instrument, Instrument.id == ReagentLot.instrument_id)
        .where(Instrument.organisation_id == lab_id, ReagentLot.lot_no == number)
        .order_by(ReagentLot.name, ReagentLot.id)
    )
    lots = session.scalars(
        sa.select(ControlLot)
        .where(ControlLot.lab_id == lab_id, ControlLot.lot_no == number)
        .order_by(ControlLot.name, ControlLot.id)
    )
    return [
        *(_of_preparation(one) for one in made),
        *(_of_reagent(one) for one in reagents),
        *(_of_control(one) for one in lots),
    ]


def _of_preparation(one: Preparation) -> Material:
    return Material(
        ParentKind.PREPARATION,
        one.id,
        one.name,
        one.preparation_no,
        one.expires_on,
        one.discarded_reason or "",
        one.concentration,
        one.unit,
    )


def _of_reagent(one: ReagentLot) -> Material:
    return Material(ParentKind.REAGENT_LOT, one.id, one.name, one.lot_no, one.expires_on)


def _of_control(one: ControlLot) -> Material:
    return Material(ParentKind.CONTROL_LOT, one.id, one.name, one.lot_no, one.expires_on, one.withdrawn_reason or "")


Chosen = PreparationParent | BatchMaterial


def material_of(session: Session, row: Chosen) -> Material:
    """What a row points at."""
    if row.preparation_id is not None:
        return _of_preparation(session.get_one(Preparation, row.preparation_id))
    if row.reagent_lot_id is not None:
        return _of_reagent(session.get_one(ReagentLot, row.reagent_lot_id))
    return _of_control(session.get_one(ControlLot, row.control_lot_id))


def ancestry(session: Session, preparation_id: UUID, depth: int = 1) -> list[ParentRow]:
    """Everything that a preparation was made from, each followed by what that was made from."""
    found: list[ParentRow] = []
    parents = session.scalars(
        sa.select(PreparationParent).where(PreparationParent.made_id == preparation_id).order_by(PreparationParent.seq)
    ).all()
    for parent in parents:
        found.append(ParentRow(depth, parent, material_of(session, parent)))
        if parent.preparation_id is not None:
            found += ancestry(session, parent.preparation_id, depth + 1)
    return found


def made_from(session: Session, preparation_id: UUID) -> Sequence[Preparation]:
    """What was made from a preparation."""
    child = aliased(Preparation)
    return session.scalars(
        sa.select(child)
        .join(PreparationParent, PreparationParent.made_id == child.id)
        .where(PreparationParent.preparation_id == preparation_id)
        .order_by(child.prepared_at, child.id)
    ).all()


def used_in(session: Session, preparation_id: UUID) -> Sequence[Batch]:
    """The batches that were measured with a preparation."""
    return session.scalars(
        sa.select(Batch)
        .join(BatchMaterial, BatchMaterial.batch_id == Batch.id)
        .where(BatchMaterial.preparation_id == preparation_id)
        .order_by(Batch.opened_at, Batch.id)
    ).all()


def materials_of_batch(session: Session, batch_id: UUID) -> list[Material]:
    """What a batch was measured with, in the order it was noted."""
    rows = session.scalars(
        sa.select(BatchMaterial).where(BatchMaterial.batch_id == batch_id).order_by(BatchMaterial.seq)
    ).all()
    return [material_of(session, row) for row in rows]
