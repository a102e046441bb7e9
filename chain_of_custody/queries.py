"""Reads of custody, always totally ordered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from chain_of_custody.models import BlindCode, CustodyEntry, HandOver, HandOverLine, Portion, Reception, Seal
from chain_of_custody.rules import is_blind_code, normalise_scan
from chain_of_custody.types import (
    BlindPortion,
    CustodyKind,
    HandOverState,
    PortionKind,
)
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES
from sampling.models import Sample, SamplingForm
from sampling.types import SampleState, StorageCondition


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One portion of a list that is being handed over, with the entry its chain ends in."""

    portion_id: UUID
    sample_id: UUID
    portion_no: str
    seal_no: str
    storage_condition: StorageCondition
    seq: int
    holder_id: UUID
    organisation_id: UUID


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One step of a portion's way."""

    portion_no: str
    seq: int
    kind: CustodyKind
    holder_id: UUID
    organisation_id: UUID
    record_no: str | None
    consignment_no: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class FoundPortion:
    """A portion as a person with field papers sees it."""

    portion_id: UUID
    sample_id: UUID
    portion_no: str
    kind: PortionKind
    seal_no: str
    state: SampleState
    holder_id: UUID
    organisation_id: UUID


def last_seq() -> Select[UUID, int]:
    """The end of every chain."""
    return select(CustodyEntry.portion_id, func.max(CustodyEntry.seq).label("seq")).group_by(CustodyEntry.portion_id)


def current_entries(session: Session, portion_ids: Sequence[UUID]) -> dict[UUID, CustodyEntry]:
    """The last entry of each portion: who holds it."""
    ends = last_seq().where(CustodyEntry.portion_id.in_(portion_ids)).subquery()
    rows = session.scalars(
        select(CustodyEntry).join(
            ends, and_(CustodyEntry.portion_id == ends.c.portion_id, CustodyEntry.seq == ends.c.seq)
        )
    )
    return {row.portion_id: row for row in rows}


def holder(session: Session, portion_id: UUID) -> UUID | None:
    """The person who holds a portion; None when there is no such portion."""
    entry = current_entries(session, [portion_id]).get(portion_id)
    return None if entry is None else entry.holder_id


def list_open_lines(session: Session, hand_over_id: UUID) -> Sequence[OpenLine]:
    """What stands on an open list, by portion number, with who holds it now."""
    mine = select(HandOverLine.portion_id).where(HandOverLine.hand_over_id == hand_over_id, HandOverLine.is_open)
    ends = last_seq().where(CustodyEntry.portion_id.in_(mine)).subquery()
    rows = session.execute(
        select(
            Portion.id,
            Portion.sample_id,
            Portion.portion_no,
            Seal.seal_no,
            SamplingForm.storage_condition,
            CustodyEntry.seq,
            CustodyEntry.holder_id,
            CustodyEntry.organisation_id,
        )
        .join(ends, ends.c.portion_id == Portion.id)
        .join(CustodyEntry, and_(CustodyEntry.portion_id == Portion.id, CustodyEntry.seq == ends.c.seq))
        .join(Seal, Seal.portion_id == Portion.id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .order_by(Portion.portion_no)
    )
    return [OpenLine(*row) for row in rows]


def list_open_hand_overs(session: Session, organisation_id: UUID) -> Sequence[HandOver]:
    """Offers that wait for this organisation, oldest first."""
    return session.scalars(
        select(HandOver)
        .where(HandOver.to_organisation_id == organisation_id, HandOver.state == HandOverState.OFFERED)
        .order_by(HandOver.offered_at, HandOver.id)
    ).all()


def list_portions(session: Session, sample_id: UUID) -> Sequence[Portion]:
    """The portions of a sample, by number."""
    return session.scalars(select(Portion).where(Portion.sample_id == sample_id).order_by(Portion.portion_no)).all()


def custody_trail(session: Session, sample_id: UUID) -> Sequence[TrailEntry]:
    """Every step of every portion of a sample, by portion and then in order."""
    rows = session.execute(
        select(
            Portion.portion_no,
            CustodyEntry.seq,
            CustodyEntry.kind,
            CustodyEntry.holder_id,
            CustodyEntry.organisation_id,
            HandOver.record_no,
            HandOver.consignment_no,
            CustodyEntry.at,
        )
        .join(Portion, Portion.id == CustodyEntry.portion_id)
        .outerjoin(HandOver, HandOver.id == CustodyEntry.hand_over_id)
        .where(CustodyEntry.sample_id == sample_id)
        .order_by(Portion.portion_no, CustodyEntry.seq)
    )
    return [TrailEntry(*row) for row in rows]


def resolve_blind_code(session: Session, code: str) -> BlindPortion | None:
    """What a blind code stands for; None for a code that was never given. The caller keeps it from the bench."""
    asked = normalise_scan(code)
    if not is_blind_code(asked):
        return None
    row = session.execute(
        select(BlindCode.code, BlindCode.portion_id, BlindCode.sample_id, Reception.lab_id, BlindCode.blindness)
        .join(Reception, Reception.sample_id == BlindCode.sample_id)
        .where(BlindCode.code == asked)
    ).one_or_none()
    return None if row is None else BlindPortion(*row)


def find_portion(session: Session, actor: Actor, scanned: str) -> FoundPortion | None:
    """The portion with this number or seal, as far as the actor may know of it.

    Whoever has a bench role sees none, whatever other role they have: a field label is an unknown code to them. A
    sampling organisation sees its own until it handed over, a laboratory what was accepted or is on its way to it.
    """
    if actor.roles & BENCH_ROLES:
        return None
    asked = normalise_scan(scanned)
    ends = last_seq().subquery()
    row = session.execute(
        select(
            Portion.id,
            Portion.sample_id,
            Portion.portion_no,
            Portion.kind,
            Seal.seal_no,
            Sample.state,
            CustodyEntry.holder_id,
            CustodyEntry.organisation_id,
        )
        .join(Seal, Seal.portion_id == Portion.id)
        .join(Sample, Sample.id == Portion.sample_id)
        .join(ends, ends.c.portion_id == Portion.id)
        .join(CustodyEntry, and_(CustodyEntry.portion_id == Portion.id, CustodyEntry.seq == ends.c.seq))
        .where(
            or_(Portion.portion_no == asked, Seal.seal_no == scanned.strip()),
            or_(
                Sample.regulator_id == actor.organisation_id,
                Sample.lab_id == actor.organisation_id,
                CustodyEntry.organisation_id == actor.organisation_id,
            ),
        )
        .order_by(Portion.portion_no)
        .limit(1)
    ).one_or_none()
    return None if row is None else FoundPortion(*row)
