"""The refused attempts against separation, as the auditor reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES
from lims.clock import LOCAL_ZONE
from lims.people.models import Organisation, Person
from sampling.models import Sample, SamplingPlan, SeparationRefusal
from sampling.types import DutyRole

PAGE = 50
MOST_IN_A_FILE = 20_000  # rows; a county that refuses more has another problem than its list


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """Which attempts are asked for; None asks for all.

    Attributes:
        words: part of a person's name, or of a sampling number.
        since, until: local days, both included.
    """

    words: str | None = None
    role: DutyRole | None = None
    scope: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """One attempt; `organisation` and `plan` are rows with both names, `sampling_no` is absent before a sample is."""

    id: UUID
    at: datetime
    person_name: str
    organisation: Organisation | None
    role: DutyRole
    scope: str
    plan: SamplingPlan
    sampling_no: str | None
    earlier_role: DutyRole | None
    earlier_at: datetime | None


def list_refusals(
    session: Session, actor: Actor, asked: RefusalFilter, *, after: tuple[Any, ...] | None = None, limit: int = PAGE
) -> Sequence[RefusalRow]:
    """Attempts, the newest first: on plans of the auditor's organisation, or by its people.

    A person who also works at a bench sees none, because the list names samples (product.md §2.6).
    """
    query = (
        sa.select(SeparationRefusal, Person.name, Organisation, SamplingPlan, Sample.sampling_no)
        .join(Person, Person.id == SeparationRefusal.person_id)
        .join(SamplingPlan, SamplingPlan.id == SeparationRefusal.plan_id)
        .outerjoin(Organisation, Organisation.id == SeparationRefusal.organisation_id)
        .outerjoin(Sample, Sample.id == SeparationRefusal.sample_id)
        .where(_visible(actor), *_conditions(asked))
        .order_by(SeparationRefusal.at.desc(), SeparationRefusal.id.desc())
        .limit(limit)
    )
    if after is not None:
        query = query.where(sa.tuple_(SeparationRefusal.at, SeparationRefusal.id) < sa.tuple_(*after))
    return [
        RefusalRow(
            id=row.id,
            at=row.at,
            person_name=name,
            organisation=organisation,
            role=row.role,
            scope=row.scope,
            plan=plan,
            sampling_no=sampling_no,
            earlier_role=row.earlier_role,
            earlier_at=row.earlier_at,
        )
        for row, name, organisation, plan, sampling_no in session.execute(query)
    ]


def _visible(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return sa.false()
    return sa.or_(
        SamplingPlan.organisation_id == actor.organisation_id,
        SeparationRefusal.organisation_id == actor.organisation_id,
    )


def _conditions(asked: RefusalFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.words:
        conditions.append(
            sa.or_(
                Person.name.icontains(asked.words, autoescape=True),
                Sample.sampling_no.icontains(asked.words, autoescape=True),
            )
        )
    if asked.role is not None:
        conditions.append(SeparationRefusal.role == asked.role)
    if asked.scope is not None:
        conditions.append(SeparationRefusal.scope == asked.scope)
    if asked.since is not None:
        conditions.append(SeparationRefusal.at >= datetime.combine(asked.since, time.min, LOCAL_ZONE))
    if asked.until is not None:
        conditions.append(SeparationRefusal.at <= datetime.combine(asked.until, time.max, LOCAL_ZONE))
    return conditions
