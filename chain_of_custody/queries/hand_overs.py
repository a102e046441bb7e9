"""Hand-overs: what somebody holds, what is offered, what was found, what did not match."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from chain_of_custody.models import (
    BackupRelease,
    CustodyEntry,
    HandOver,
    HandOverException,
    HandOverLine,
    Portion,
    Reception,
    Seal,
)
from chain_of_custody.queries.portions import last_seq
from chain_of_custody.rules import bearable, normalise_scan
from chain_of_custody.types import CelsiusRange, CustodyKind, HandOverState, HandOverWay, LineOutcome, PortionKind
from lims.actors import Actor
from lims.catalog.queries import deadline, get_parameter
from lims.catalog.workdays import Deadline
from lims.errors import NotFoundError
from sampling.models import Sample, SamplingForm
from sampling.types import SamplingMethod, StorageCondition

PAGE = 50
# How long a sample may be on its way, by how it is to be kept; the rest has the days of the Measures, Art. 20.
DELIVER = {StorageCondition.CHILLED: "deliver_perishable", StorageCondition.FROZEN: "deliver_frozen"}
DELIVER_OTHERS = "deliver_to_lab"
WARMEST = {StorageCondition.CHILLED: "chilled_max", StorageCondition.FROZEN: "frozen_max"}
COLDEST = {StorageCondition.CHILLED: "chilled_min"}  # food is frozen at a temperature of its own: see the parameter


@dataclass(frozen=True, slots=True)
class OpenLine:
    """One portion of a list that is being handed over, with the entry its chain ends in."""

    portion_id: UUID
    sample_id: UUID
    portion_no: str
    seal_no: str
    storage_condition: StorageCondition
    sampling_method: SamplingMethod
    sealed_at: datetime
    seq: int
    custody: CustodyKind
    holder_id: UUID
    organisation_id: UUID


@dataclass(frozen=True, slots=True)
class HeldPortion:
    """A portion in somebody's hands, to be handed on.

    Attributes:
        lab_id: where it goes to: the laboratory of its sample, or the one that its backup portion was released to.
        is_released: a backup portion that goes on to a recheck.
    """

    portion_id: UUID
    sample_id: UUID
    portion_no: str
    kind: PortionKind
    seal_no: str
    product_name: str
    storage_condition: StorageCondition
    sampling_method: SamplingMethod
    lab_id: UUID
    sealed_at: datetime
    is_offered: bool
    is_released: bool


@dataclass(frozen=True, slots=True)
class ListedPortion:
    """One line of a hand-over as its page and its paper show it."""

    portion_id: UUID
    sample_id: UUID
    sampling_no: str
    portion_no: str
    kind: PortionKind
    quantity: Decimal
    quantity_unit: str
    seal_no: str
    product_name: str
    storage_condition: StorageCondition
    storage_celsius: str | None
    outcome: LineOutcome | None
    reception: Reception | None


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """A hand-over in a list, with how many portions stand on it."""

    hand_over: HandOver
    portions: int
    open_exceptions: int


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
            SamplingForm.sampling_method,
            Seal.sealed_at,
            CustodyEntry.seq,
            CustodyEntry.kind,
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


def temperature_range(session: Session, conditions: Sequence[StorageCondition], on: date) -> CelsiusRange:
    """How warm and how cold a load may be on a day, in °C; without ends when no cold food is in it."""
    cold = [one for one in StorageCondition if one in WARMEST and one in conditions]
    warmest = {one.value: get_parameter(session, WARMEST[one], on).value for one in cold}
    coldest = {one.value: get_parameter(session, COLDEST[one], on).value for one in cold if one in COLDEST}
    return bearable(cold, warmest, coldest)


def delivery_deadline(session: Session, portion: "OpenLine | HeldPortion") -> Deadline:
    """By when a sealed portion has to be at its laboratory, by how it is to be kept.

    What was taken aseptically is for microbiology and as perishable as chilled food.

    **Source:** Measures Art. 20(1); rule parameters `deliver_perishable`, `deliver_frozen`, `deliver_to_lab`.
    """
    code = DELIVER.get(portion.storage_condition, DELIVER_OTHERS)
    if portion.sampling_method is SamplingMethod.ASEPTIC:
        code = DELIVER[StorageCondition.CHILLED]
    return deadline(session, code, portion.sealed_at)


def earliest_delivery(session: Session, hand_over_ids: Iterable[UUID]) -> dict[UUID, Deadline]:
    """Of each open list the first of its portions' delivery limits.

    They run from the sampling to the laboratory; what goes on to a recheck has the term of the recheck.
    """
    found = {}
    for hand_over_id in hand_over_ids:
        receiver = session.get_one(HandOver, hand_over_id).to_organisation_id
        lines = list_open_lines(session, hand_over_id)
        released = released_to(session, [line.portion_id for line in lines], receiver)
        ends = [delivery_deadline(session, line) for line in lines if line.portion_id not in released]
        if ends:
            found[hand_over_id] = min(ends, key=lambda end: end.due_at)
    return found


def list_open_hand_overs(session: Session, organisation_id: UUID) -> Sequence[HandOver]:
    """Offers that wait for this organisation, oldest first."""
    return session.scalars(
        select(HandOver)
        .where(HandOver.to_organisation_id == organisation_id, HandOver.state == HandOverState.OFFERED)
        .order_by(HandOver.offered_at, HandOver.id)
    ).all()


def list_held(session: Session, person_id: UUID, organisation_id: UUID) -> list[HeldPortion]:
    """What a person holds and has to hand on, by laboratory and number.

    That is what reception has not seen yet, and backup portions that were released to the laboratory of a recheck.
    """
    following = aliased(CustodyEntry)
    goes_on = (
        select(following.seq)
        .where(following.portion_id == CustodyEntry.portion_id, following.seq == CustodyEntry.seq + 1)
        .exists()
    )
    is_offered = (
        select(HandOverLine.portion_id).where(HandOverLine.portion_id == Portion.id, HandOverLine.is_open).exists()
    )
    is_fresh = and_(
        Reception.sample_id.is_(None),
        Sample.sampling_organisation_id == organisation_id,
        # What arrived at the laboratory is its custodian's to check, not a load to hand on.
        or_(CustodyEntry.organisation_id != Sample.lab_id, CustodyEntry.kind != CustodyKind.HANDED_OVER),
    )
    goes_to = func.coalesce(BackupRelease.to_organisation_id, Sample.lab_id)
    rows: Iterable[Any] = session.execute(
        select(
            Portion.id,
            Portion.sample_id,
            Portion.portion_no,
            Portion.kind,
            Seal.seal_no,
            SamplingForm.product_name,
            SamplingForm.storage_condition,
            SamplingForm.sampling_method,
            goes_to,
            Seal.sealed_at,
            is_offered,
            BackupRelease.portion_id.is_not(None),
        )
        .join(CustodyEntry, CustodyEntry.portion_id == Portion.id)
        .join(Seal, Seal.portion_id == Portion.id)
        .join(Sample, Sample.id == Portion.sample_id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .outerjoin(Reception, Reception.sample_id == Portion.sample_id)
        .outerjoin(BackupRelease, _is_released_from(organisation_id))
        .where(
            CustodyEntry.holder_id == person_id,
            CustodyEntry.organisation_id == organisation_id,
            or_(is_fresh, BackupRelease.portion_id.is_not(None)),
            ~goes_on,
        )
        .order_by(goes_to, Portion.portion_no)
    )
    return [HeldPortion(*row) for row in rows]


def list_released(session: Session, organisation_id: UUID) -> Sequence[tuple[Portion, BackupRelease, UUID]]:
    """Backup portions that an organisation holds and has to hand on to a recheck, with who holds each."""
    following = aliased(CustodyEntry)
    rows = session.execute(
        select(Portion, BackupRelease, CustodyEntry.holder_id)
        .join(CustodyEntry, CustodyEntry.portion_id == Portion.id)
        .join(BackupRelease, _is_released_from(organisation_id))
        .where(
            CustodyEntry.organisation_id == organisation_id,
            ~exists().where(following.portion_id == Portion.id, following.seq == CustodyEntry.seq + 1),
            ~exists().where(HandOverLine.portion_id == Portion.id, HandOverLine.is_open),
        )
        .order_by(BackupRelease.released_at, Portion.portion_no)
    )
    return [(portion, release, holder_id) for portion, release, holder_id in rows]


def released_to(session: Session, portion_ids: Collection[UUID], organisation_id: UUID) -> set[UUID]:
    """Which of these portions are backup portions that go on to a recheck in this laboratory."""
    return set(
        session.scalars(
            select(BackupRelease.portion_id).where(
                BackupRelease.portion_id.in_(portion_ids),
                BackupRelease.to_organisation_id == organisation_id,
                BackupRelease.withdrawn_at.is_(None),
            )
        )
    )


def _is_released_from(organisation_id: UUID) -> ColumnElement[bool]:
    """A release that stands, to another laboratory than the one that holds the portion."""
    return and_(
        BackupRelease.portion_id == Portion.id,
        BackupRelease.withdrawn_at.is_(None),
        BackupRelease.to_organisation_id != organisation_id,
        CustodyEntry.kind != CustodyKind.DISPOSED,
    )


def list_hand_overs(
    session: Session,
    organisation_id: UUID,
    *,
    state: HandOverState | None = None,
    offered_by_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[HandOverRow]:
    """Hand-overs from or to an organisation, the newest first.

    Args:
        session: to read with.
        organisation_id: whose.
        state: only these.
        offered_by_id: only those of one giver.
        after: instant and id of the last one of the page before.
        limit: how many.
    """
    portions = (
        select(func.count())
        .select_from(HandOverLine)
        .where(HandOverLine.hand_over_id == HandOver.id)
        .correlate(HandOver)
        .scalar_subquery()
    )
    wrong = (
        select(func.count())
        .select_from(HandOverException)
        .where(HandOverException.hand_over_id == HandOver.id, HandOverException.resolved_at.is_(None))
        .correlate(HandOver)
        .scalar_subquery()
    )
    query = select(HandOver, portions, wrong).where(
        or_(HandOver.from_organisation_id == organisation_id, HandOver.to_organisation_id == organisation_id)
    )
    if state is not None:
        query = query.where(HandOver.state == state)
    if offered_by_id is not None:
        query = query.where(HandOver.offered_by_id == offered_by_id)
    if after is not None:
        query = query.where(tuple_(HandOver.offered_at, HandOver.id) < tuple_(*(literal(part) for part in after)))
    rows = session.execute(query.order_by(HandOver.offered_at.desc(), HandOver.id.desc()).limit(limit))
    return [HandOverRow(*row) for row in rows]


def get_hand_over(session: Session, actor: Actor, hand_over_id: UUID) -> HandOver:
    """A hand-over of which the actor's organisation is one side.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(HandOver, hand_over_id)
    if found is None or actor.organisation_id not in {found.from_organisation_id, found.to_organisation_id}:
        raise NotFoundError
    return found


def find_hand_over(session: Session, actor: Actor, scanned: str) -> HandOver | None:
    """The hand-over with this record or consignment number, of which the actor's organisation is one side."""
    asked = normalise_scan(scanned)
    return session.scalar(
        select(HandOver)
        .where(
            or_(HandOver.record_no == asked, HandOver.consignment_no == asked),
            or_(
                HandOver.from_organisation_id == actor.organisation_id,
                HandOver.to_organisation_id == actor.organisation_id,
            ),
        )
        .order_by(HandOver.way == HandOverWay.COURIER, HandOver.id)
        .limit(1)
    )


def list_listed_portions(session: Session, hand_over_id: UUID) -> list[ListedPortion]:
    """Everything on the list of a hand-over, by portion number, with what was found and what reception said."""
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
            SamplingForm.product_name,
            SamplingForm.storage_condition,
            SamplingForm.storage_celsius,
            HandOverLine.outcome,
            Reception,
        )
        .join(HandOverLine, HandOverLine.portion_id == Portion.id)
        .join(Sample, Sample.id == Portion.sample_id)
        .join(Seal, Seal.portion_id == Portion.id)
        .join(SamplingForm, SamplingForm.sample_id == Portion.sample_id)
        .outerjoin(Reception, Reception.sample_id == Portion.sample_id)
        .where(HandOverLine.hand_over_id == hand_over_id)
        .order_by(Portion.portion_no)
    )
    return [ListedPortion(*row) for row in rows]


def sealed_first_at(session: Session, hand_over_id: UUID) -> datetime | None:
    """When the first portion on the list of a hand-over was sealed, which is when its journey began."""
    return session.scalar(
        select(func.min(Seal.sealed_at))
        .join(HandOverLine, HandOverLine.portion_id == Seal.portion_id)
        .where(HandOverLine.hand_over_id == hand_over_id)
    )


def list_exceptions(session: Session, hand_over_id: UUID) -> Sequence[HandOverException]:
    """What did not match in a hand-over, in the order it was opened."""
    return session.scalars(
        select(HandOverException)
        .where(HandOverException.hand_over_id == hand_over_id)
        .order_by(HandOverException.opened_at, HandOverException.scanned, HandOverException.id)
    ).all()


def list_open_exceptions(session: Session, organisation_id: UUID) -> list[tuple[HandOverException, HandOver]]:
    """What an organisation still has to clear up, oldest first."""
    rows = session.execute(
        select(HandOverException, HandOver)
        .join(HandOver, HandOver.id == HandOverException.hand_over_id)
        .where(
            HandOverException.resolved_at.is_(None),
            or_(HandOver.from_organisation_id == organisation_id, HandOver.to_organisation_id == organisation_id),
        )
        .order_by(HandOverException.opened_at, HandOverException.scanned, HandOverException.id)
    )
    return [(exception, hand_over) for exception, hand_over in rows]


def carries_released_backup(session: Session, hand_over: HandOver) -> bool:
    """Whether a list carries a backup portion to the laboratory that rechecks its sample."""
    carried = (
        select(BackupRelease.portion_id)
        .join(HandOverLine, HandOverLine.portion_id == BackupRelease.portion_id)
        .where(
            HandOverLine.hand_over_id == hand_over.id,
            BackupRelease.to_organisation_id == hand_over.to_organisation_id,
            BackupRelease.withdrawn_at.is_(None),
        )
    )
    return session.scalar(carried.limit(1)) is not None


def hand_over_to(session: Session, portion_id: UUID, organisation_id: UUID) -> HandOver | None:
    """The newest list by which a portion is offered to an organisation, or came to it."""
    return session.scalar(
        select(HandOver)
        .join(HandOverLine, HandOverLine.hand_over_id == HandOver.id)
        .where(HandOverLine.portion_id == portion_id, HandOver.to_organisation_id == organisation_id)
        .order_by(HandOver.offered_at.desc(), HandOver.id.desc())
        .limit(1)
    )
