"""The custodian's board: what waits for its check, for its blind code, for a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from chain_of_custody.models import CustodyEntry, HandOver, HandOverException, Portion, Reception, StorageMove
from chain_of_custody.types import CustodyKind, HandOverState, PortionKind
from lims.actors import Actor
from sampling.models import Sample, SamplingForm
from sampling.types import SampleState, StorageCondition

SHOWN = 50


@dataclass(frozen=True, slots=True)
class ArrivedSample:
    """A sample that waits for somebody at reception.

    Attributes:
        since: when the last of it arrived, or when it was accepted.
        portions, arrived: how many portions it has, and how many of them are here.
    """

    sample_id: UUID
    sampling_no: str
    product_name: str
    storage_condition: StorageCondition
    since: datetime
    portions: int
    arrived: int


@dataclass(frozen=True, slots=True)
class BoardCounts:
    """The figures on top of the board."""

    coming: int
    to_check: int
    to_recode: int
    exceptions: int


def list_to_check(session: Session, lab_id: UUID, limit: int = SHOWN) -> list[ArrivedSample]:
    """Samples of which something arrived and nobody looked at, the longest waiting first."""
    here = (
        select(CustodyEntry.sample_id, CustodyEntry.portion_id, func.min(CustodyEntry.at).label("at"))
        .join(Sample, Sample.id == CustodyEntry.sample_id)
        .where(
            Sample.lab_id == lab_id,
            Sample.state == SampleState.IN_TRANSIT,
            CustodyEntry.organisation_id == lab_id,
            CustodyEntry.kind == "handed_over",
        )
        .group_by(CustodyEntry.sample_id, CustodyEntry.portion_id)
        .subquery()
    )
    arrived = (
        select(here.c.sample_id, func.max(here.c.at).label("since"), func.count().label("arrived"))
        .group_by(here.c.sample_id)
        .subquery()
    )
    total = select(func.count()).where(Portion.sample_id == Sample.id).correlate(Sample).scalar_subquery()
    rows = session.execute(
        select(
            Sample.id,
            Sample.sampling_no,
            SamplingForm.product_name,
            SamplingForm.storage_condition,
            arrived.c.since,
            total,
            arrived.c.arrived,
        )
        .join(arrived, arrived.c.sample_id == Sample.id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .order_by(arrived.c.since, Sample.sampling_no)
        .limit(limit)
    )
    return [ArrivedSample(*row) for row in rows]


def list_to_recode(session: Session, lab_id: UUID, limit: int = SHOWN) -> list[ArrivedSample]:
    """Accepted samples without a blind code, the longest waiting first."""
    total = select(func.count()).where(Portion.sample_id == Sample.id).correlate(Sample).scalar_subquery()
    rows = session.execute(
        select(
            Sample.id,
            Sample.sampling_no,
            SamplingForm.product_name,
            SamplingForm.storage_condition,
            Reception.checked_at,
            total,
            total,
        )
        .join(Reception, Reception.sample_id == Sample.id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .where(Sample.lab_id == lab_id, Sample.state == SampleState.RECEIVED)
        .order_by(Reception.checked_at, Sample.sampling_no)
        .limit(limit)
    )
    return [ArrivedSample(*row) for row in rows]


def list_placeless(session: Session, lab_id: UUID, limit: int = SHOWN) -> Sequence[Portion]:
    """Backup portions that the laboratory holds and nobody has put into a place, by number."""
    following = aliased(CustodyEntry)
    return session.scalars(
        select(Portion)
        .join(Reception, Reception.sample_id == Portion.sample_id)
        .join(CustodyEntry, CustodyEntry.portion_id == Portion.id)
        .where(
            Portion.kind == PortionKind.BACKUP,
            Reception.lab_id == lab_id,
            Reception.accepted,
            CustodyEntry.organisation_id == lab_id,
            CustodyEntry.kind != CustodyKind.DISPOSED,
            ~exists().where(following.portion_id == Portion.id, following.seq == CustodyEntry.seq + 1),
            ~exists().where(StorageMove.portion_id == Portion.id),
        )
        .order_by(Portion.portion_no)
        .limit(limit)
    ).all()


def count_board(session: Session, lab_id: UUID) -> BoardCounts:
    """How much waits where."""
    here = exists().where(
        CustodyEntry.sample_id == Sample.id, CustodyEntry.organisation_id == lab_id, CustodyEntry.kind == "handed_over"
    )
    coming = select(func.count()).where(HandOver.to_organisation_id == lab_id, HandOver.state == HandOverState.OFFERED)
    to_check = select(func.count()).where(Sample.lab_id == lab_id, Sample.state == SampleState.IN_TRANSIT, here)
    to_recode = select(func.count()).where(Sample.lab_id == lab_id, Sample.state == SampleState.RECEIVED)
    wrong = (
        select(func.count())
        .select_from(HandOverException)
        .join(HandOver, HandOver.id == HandOverException.hand_over_id)
        .where(HandOverException.resolved_at.is_(None), HandOver.to_organisation_id == lab_id)
    )
    return BoardCounts(*(session.scalar(query) or 0 for query in (coming, to_check, to_recode, wrong)))


@dataclass(frozen=True, slots=True)
class RefusedSample:
    """A sample that a laboratory refused."""

    sample_id: UUID
    sampling_no: str
    product_name: str
    lab_id: UUID
    reason: str
    refused_at: datetime


def list_refused(session: Session, actor: Actor, plan_id: UUID, limit: int = SHOWN) -> list[RefusedSample]:
    """What laboratories refused of a plan of the actor's organisation, the newest first."""
    rows: Iterable[Any] = session.execute(
        select(
            Sample.id,
            Sample.sampling_no,
            SamplingForm.product_name,
            Reception.lab_id,
            Reception.refusal_reason,
            Reception.checked_at,
        )
        .join(Reception, Reception.sample_id == Sample.id)
        .join(SamplingForm, SamplingForm.sample_id == Sample.id)
        .where(Sample.plan_id == plan_id, Sample.regulator_id == actor.organisation_id, ~Reception.accepted)
        .order_by(Reception.checked_at.desc(), Sample.sampling_no)
        .limit(limit)
    )
    return [RefusedSample(*row) for row in rows]  # a refusal has its reason: `ck_reception_refused_with_reason`


def get_reception(session: Session, sample_id: UUID) -> Reception | None:
    """What the laboratory wrote down at reception; None while it has not looked."""
    return session.get(Reception, sample_id)
