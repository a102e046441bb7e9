"""One portion: who holds it, what happened to it, and who may know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from chain_of_custody.keeping.models import Disposal
from chain_of_custody.models import BlindCode, CustodyEntry, HandOver, Portion, Reception, Seal
from chain_of_custody.rules import is_blind_code, normalise_scan
from chain_of_custody.types import CustodyKind, PortionKind
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES, Role
from lims.errors import NotFoundError
from sampling.models import Business, Sample, SamplingForm
from sampling.types import SamplePurpose, SampleState, StorageCondition


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


@dataclass(frozen=True, slots=True)
class PortionCard:
    """What a label, a list and the hand-over record say of one portion."""

    portion_id: UUID
    sample_id: UUID
    sampling_no: str
    portion_no: str
    kind: PortionKind
    quantity: Decimal
    quantity_unit: str
    seal_no: str
    sealed_at: datetime
    product_name: str
    storage_condition: StorageCondition
    storage_celsius: str | None
    holder_id: UUID
    organisation_id: UUID
    custody: CustodyKind

    def is_with(self, lab_id: UUID) -> bool:
        """As the function `is_with`."""
        return self.organisation_id == lab_id and self.custody is CustodyKind.HANDED_OVER


def last_seq() -> Select[UUID, int]:
    """The end of every chain."""
    return select(CustodyEntry.portion_id, func.max(CustodyEntry.seq).label("seq")).group_by(CustodyEntry.portion_id)


def current_entries(session: Session, portion_ids: Sequence[UUID]) -> dict[UUID, CustodyEntry]:
    """The last entry of each portion: who holds it."""
    rows = session.scalars(
        select(CustodyEntry)
        .where(CustodyEntry.portion_id.in_(portion_ids))
        .ext(distinct_on(CustodyEntry.portion_id))
        .order_by(CustodyEntry.portion_id, CustodyEntry.seq.desc())
    )
    return {row.portion_id: row for row in rows}


def is_with(entry: CustodyEntry, lab_id: UUID) -> bool:
    """Whether a portion arrived at a laboratory: handed over to it, and not only in the hands of its own samplers."""
    return entry.organisation_id == lab_id and entry.kind is CustodyKind.HANDED_OVER


def holder(session: Session, portion_id: UUID) -> UUID | None:
    """The person who holds a portion; None when there is no such portion."""
    entry = current_entries(session, [portion_id]).get(portion_id)
    return None if entry is None else entry.holder_id


def list_portions(session: Session, sample_id: UUID) -> Sequence[Portion]:
    """The portions of a sample, by number."""
    return session.scalars(select(Portion).where(Portion.sample_id == sample_id).order_by(Portion.portion_no)).all()


def list_seal_nos(session: Session, sample_id: UUID) -> Sequence[str]:
    """The seal numbers on the portions of a sample, in the order of the portions; none before it is sealed."""
    return session.scalars(
        select(Seal.seal_no)
        .join(Portion, Portion.id == Seal.portion_id)
        .where(Portion.sample_id == sample_id)
        .order_by(Portion.portion_no)
    ).all()


def list_cards(session: Session, portion_ids: Sequence[UUID]) -> list[PortionCard]:
    """Portions as lists and labels show them, by number."""
    ends = last_seq().where(CustodyEntry.portion_id.in_(portion_ids)).subquery()
    rows: Iterable[Any] = session.execute(
        select(
            Portion.id,
            Portion.sample_id,
            Sample.sampling_no,
            Portion.portion_no,
            Portion.kind,
            Portion.quantity,
            Portion.quantity_unit,
            Seal.seal_no,
            Seal.sealed_at,
            SamplingForm.product_name,
            SamplingForm.storage_condition,
            SamplingForm.storage_celsius,
            CustodyEntry.holder_id,
            CustodyEntry.organisation_id,
            CustodyEntry.kind,
        )
        .join(Sample, Sample.id == Portion.sample_id)
        .join(Seal, Seal.portion_id == Portion.id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .join(ends, ends.c.portion_id == Portion.id)
        .join(CustodyEntry, and_(CustodyEntry.portion_id == Portion.id, CustodyEntry.seq == ends.c.seq))
        .order_by(Portion.portion_no)
    )
    return [PortionCard(*row) for row in rows]


def custody_trail(session: Session, sample_id: UUID) -> Sequence[TrailEntry]:
    """Every step of every portion of a sample, by portion and then in order."""
    rows = session.execute(
        select(
            Portion.portion_no,
            CustodyEntry.seq,
            CustodyEntry.kind,
            CustodyEntry.holder_id,
            CustodyEntry.organisation_id,
            func.coalesce(HandOver.record_no, Disposal.record_no),
            HandOver.consignment_no,
            CustodyEntry.at,
        )
        .join(Portion, Portion.id == CustodyEntry.portion_id)
        .outerjoin(HandOver, HandOver.id == CustodyEntry.hand_over_id)
        .outerjoin(Disposal, Disposal.id == CustodyEntry.disposal_id)
        .where(CustodyEntry.sample_id == sample_id)
        .order_by(Portion.portion_no, CustodyEntry.seq)
    )
    return [TrailEntry(*row) for row in rows]


def sees_all_custody(session: Session, actor: Actor, sample: Sample) -> bool:
    """Whether the whole way of a sample is open to the actor.

    The commissioning and the handling regulator and the laboratory's custodian; product.md §2a.
    """
    if actor.roles & BENCH_ROLES or actor.organisation_id is None:
        return False
    if sample.regulator_id == actor.organisation_id:
        return True
    if sample.lab_id == actor.organisation_id and Role.CUSTODIAN in actor.roles:
        return True
    handled = select(Business.regulator_id).where(Business.id == sample.business_id)
    return session.scalar(handled) == actor.organisation_id


def may_see_custody(session: Session, actor: Actor, sample: Sample) -> bool:
    """Whether any of the way of a sample is open to the actor; its samplers see it until they handed over."""
    if sees_all_custody(session, actor, sample):
        return True
    return not actor.roles & BENCH_ROLES and sample.sampling_organisation_id == actor.organisation_id


def visible_trail(session: Session, actor: Actor, sample: Sample) -> list[TrailEntry]:
    """The way of a sample as far as the actor may follow it.

    A sampling organisation follows each portion until the step in which somebody else took it.
    """
    trail = list(custody_trail(session, sample.id))
    if sees_all_custody(session, actor, sample):
        return trail
    if not may_see_custody(session, actor, sample):
        return []
    left: set[str] = set()
    shown = []
    for entry in trail:
        if entry.portion_no in left:
            continue
        shown.append(entry)
        if entry.kind is CustodyKind.HANDED_OVER:
            left.add(entry.portion_no)
    return shown


def find_portion(session: Session, actor: Actor, scanned: str) -> FoundPortion | None:
    """The portion with this number, seal or blind code, as far as the actor may know of it.

    Whoever has a bench role sees none, whatever other role they have: a field label is an unknown code to them. A
    sampling organisation sees its own until it handed over, a custodian what was accepted or is on its way to the
    laboratory, a regulator what it commissioned.
    """
    if actor.roles & BENCH_ROLES:
        return None
    asked = normalise_scan(scanned)
    named = or_(Portion.portion_no == asked, Seal.seal_no == asked)
    if is_blind_code(asked) and Role.CUSTODIAN in actor.roles:
        coded = (
            select(BlindCode.portion_id)
            .join(Reception, Reception.sample_id == BlindCode.sample_id)
            .where(BlindCode.code == asked, Reception.lab_id == actor.organisation_id)
        )
        named = or_(named, Portion.id.in_(coded))
    wanted = session.scalars(
        select(Portion.id).join(Seal, Seal.portion_id == Portion.id).where(named).order_by(Portion.portion_no)
    ).all()
    return next((found for portion_id in wanted if (found := _seen(session, actor, portion_id)) is not None), None)


def get_portion(session: Session, actor: Actor, portion_id: UUID) -> FoundPortion:
    """One portion, within what `find_portion` lets the actor see.

    Raises:
        NotFoundError: there is none for this actor.
    """
    found = None if actor.roles & BENCH_ROLES else _seen(session, actor, portion_id)
    if found is None:
        raise NotFoundError
    return found


def _seen(session: Session, actor: Actor, portion_id: UUID) -> FoundPortion | None:
    row = session.execute(
        select(Portion, Seal.seal_no, Sample)
        .join(Seal, Seal.portion_id == Portion.id)
        .join(Sample, Sample.id == Portion.sample_id)
        .where(Portion.id == portion_id)
    ).one_or_none()
    if row is None:
        return None
    portion, seal_no, sample = row
    if sample.purpose is not SamplePurpose.INSPECTION:
        return None  # a check of the laboratory itself is with its quality office
    entry = current_entries(session, [portion_id])[portion_id]
    works_with_samples = bool(actor.roles & {Role.SAMPLER, Role.CUSTODIAN})
    is_held_here = entry.organisation_id == actor.organisation_id and works_with_samples
    if not (is_held_here or sees_all_custody(session, actor, sample)):
        return None
    return FoundPortion(
        portion.id,
        sample.id,
        portion.portion_no,
        portion.kind,
        seal_no,
        sample.state,
        entry.holder_id,
        entry.organisation_id,
    )
