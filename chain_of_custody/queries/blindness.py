"""Reads of blind codes and of their unblinding.

The caller keeps code and sample from standing side by side on a bench page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from chain_of_custody.models import BlindCode, Reception, Unblinding
from chain_of_custody.rules import is_blind_code, normalise_scan, offices_of
from chain_of_custody.types import Blindness, BlindPortion, UnblindingOffice, UnblindingOutcome
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES, Role
from lims.errors import NotFoundError
from sampling.models import Sample, SamplingForm

PAGE = 50


@dataclass(frozen=True, slots=True)
class OpenedSample:
    """Whose sample a blind code is; for the two persons who opened it."""

    sample_id: UUID
    sampling_no: str
    product_name: str | None
    party_name: str | None
    party_address: str | None
    producer_name: str | None
    sampled_at: datetime | None


def code_of_portion(session: Session, portion_id: UUID) -> str:
    """The blind code a test portion was given; the caller keeps the two from standing side by side on a bench page."""
    return session.execute(
        select(BlindCode.code).where(BlindCode.portion_id == portion_id, BlindCode.retired_at.is_(None))
    ).scalar_one()


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


def blind_codes_of_lab(session: Session, lab_id: UUID, codes: Iterable[str]) -> set[str]:
    """Which of these are blind codes that this laboratory gave."""
    asked = {code for code in codes if is_blind_code(code)}
    return set(
        session.scalars(
            select(BlindCode.code)
            .join(Reception, Reception.sample_id == BlindCode.sample_id)
            .where(BlindCode.code.in_(asked), Reception.lab_id == lab_id)
        )
    )


def blind_code_of(session: Session, actor: Actor, sample_id: UUID) -> tuple[str, Blindness, datetime] | None:
    """The blind code of a sample, for the custodian of its laboratory; None for everybody else."""
    if Role.CUSTODIAN not in actor.roles or actor.roles & BENCH_ROLES:
        return None
    row = session.execute(
        select(BlindCode.code, BlindCode.blindness, BlindCode.coded_at)
        .join(Reception, Reception.sample_id == BlindCode.sample_id)
        .where(
            BlindCode.sample_id == sample_id,
            BlindCode.retired_at.is_(None),
            Reception.lab_id == actor.organisation_id,
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def codes_of_sample(session: Session, sample_id: UUID) -> Sequence[BlindCode]:
    """Every blind code the test portion of a sample was given, the current one first."""
    return session.scalars(
        select(BlindCode).where(BlindCode.sample_id == sample_id).order_by(BlindCode.seq.desc())
    ).all()


def list_unblindings(
    session: Session, lab_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> Sequence[Unblinding]:
    """What was asked to be unblinded in a laboratory, the newest first.

    Args:
        session: to read with.
        lab_id: the laboratory.
        after: instant and id of the last one of the page before.
        limit: how many.
    """
    query = select(Unblinding).where(Unblinding.lab_id == lab_id)
    if after is not None:
        query = query.where(tuple_(Unblinding.requested_at, Unblinding.id) < tuple_(*after))
    return session.scalars(query.order_by(Unblinding.requested_at.desc(), Unblinding.id.desc()).limit(limit)).all()


def count_open_unblindings(session: Session, actor: Actor) -> int:
    """How many requests of the actor's laboratory wait for them: those that the other of the two offices made."""
    offices = offices_of(actor.roles)
    decided_here = [asker for asker in UnblindingOffice if any(office is not asker for office in offices)]
    waiting = select(func.count()).where(
        Unblinding.lab_id == actor.organisation_id,
        Unblinding.outcome.is_(None),
        Unblinding.requested_as.in_(decided_here),
        Unblinding.requested_by_id != actor.person_id,
    )
    return session.scalar(waiting) or 0


def get_unblinding(session: Session, lab_id: UUID, unblinding_id: UUID) -> Unblinding:
    """One request of a laboratory.

    Raises:
        NotFoundError: it has none such.
    """
    found = session.get(Unblinding, unblinding_id)
    if found is None or found.lab_id != lab_id:
        raise NotFoundError
    return found


def opened_sample(session: Session, actor: Actor, asked: Unblinding) -> OpenedSample | None:
    """Whose sample it is, for the two persons who opened it; None for everybody else and before it is open."""
    if asked.outcome is not UnblindingOutcome.OPENED:
        return None
    if actor.person_id not in {asked.requested_by_id, asked.decided_by_id}:
        return None
    row = session.execute(
        select(
            Sample.id,
            Sample.sampling_no,
            SamplingForm.product_name,
            SamplingForm.party_name,
            SamplingForm.party_address,
            SamplingForm.producer_name,
            Sample.sampled_at,
        )
        .outerjoin(SamplingForm, SamplingForm.sample_id == Sample.id)
        .where(Sample.id == asked.sample_id)
    ).one()
    return OpenedSample(*row)
