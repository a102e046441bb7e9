"""Reads of samples and their forms, always within what the actor may see (product.md §2a)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims import files
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES, Role
from lims.catalog.models import FoodCategory
from lims.catalog.queries import ancestors
from lims.errors import NotFoundError
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from sampling.models import Business, Sample, SamplePhoto, SampleSignature, SamplingForm, SamplingPlan, SamplingTask
from sampling.types import SamplePurpose, SampleState

PAGE = 50


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A line of a list: the sample with what it is and where it was taken."""

    sample: Sample
    product_name: str | None
    party_name: str | None


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """What sampling knows of one sample; `team` are the names of both samplers and of the officer, in this order."""

    sample: Sample
    form: SamplingForm
    task: SamplingTask
    plan: SamplingPlan
    business: Business
    category_path: tuple[FoodCategory, ...]
    regulator: Organisation
    sampling_organisation: Organisation
    lab: Organisation
    team: tuple[str, ...]


def visible_samples(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition under which a person may see form and number of a sample.

    The commissioning and the handling regulator, the organisation that samples it, and its laboratory's custodian. A
    bench role and a signatory see none here, whatever other roles the person carries: the strictest view holds, and in
    the internal mode the laboratory is the sampling organisation, too. Checks of the laboratory are nobody's here.
    """
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None or actor.roles & (BENCH_ROLES | {Role.SIGNATORY}):
        return sa.false()
    handled = sa.select(Business.id).where(Business.regulator_id == actor.organisation_id)
    parts = [
        Sample.regulator_id == actor.organisation_id,
        Sample.sampling_organisation_id == actor.organisation_id,
        Sample.business_id.in_(handled),
    ]
    if Role.CUSTODIAN in actor.roles:
        parts.append(Sample.lab_id == actor.organisation_id)
    return sa.and_(Sample.purpose == SamplePurpose.INSPECTION, sa.or_(*parts))


def get_sample(session: Session, actor: Actor, sample_id: UUID) -> Sample:
    """One sample.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    sample = session.scalar(sa.select(Sample).where(Sample.id == sample_id, visible_samples(actor)))
    if sample is None:
        raise NotFoundError
    return sample


def find_sample_by_number(session: Session, actor: Actor, sampling_no: str) -> Sample | None:
    """The sample with this number, or None when there is none that the actor may see."""
    return session.scalar(sa.select(Sample).where(Sample.sampling_no == sampling_no, visible_samples(actor)))


def get_form(session: Session, actor: Actor, sample_id: UUID) -> SamplingForm:
    """The form of a sample.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    return session.get_one(SamplingForm, get_sample(session, actor, sample_id).id)


def list_samples(
    session: Session,
    actor: Actor,
    *,
    state: SampleState | None = None,
    number: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> Sequence[SampleRow]:
    """Samples the actor may see, the newest first.

    Args:
        session: to read with.
        actor: who looks.
        state: only these.
        number: only those whose sampling number begins or ends with it, or stands at its beginning: what a scanner
            reads is the label of a portion.
        after: instant of issue and id of the last sample of the page before.
        limit: how many.
    """
    query = (
        sa.select(Sample, SamplingForm.product_name, SamplingForm.party_name)
        .outerjoin(SamplingForm, SamplingForm.sample_id == Sample.id)
        .where(visible_samples(actor))
    )
    if number:
        query = query.where(
            sa.or_(
                Sample.sampling_no.startswith(number, autoescape=True),
                Sample.sampling_no.endswith(number, autoescape=True),
                sa.func.starts_with(number, Sample.sampling_no),
            )
        )
    if state is not None:
        query = query.where(Sample.state == state)
    if after is not None:
        query = query.where(sa.tuple_(Sample.issued_at, Sample.id) < sa.tuple_(*(sa.literal(part) for part in after)))
    rows = session.execute(query.order_by(Sample.issued_at.desc(), Sample.id.desc()).limit(limit))
    return [SampleRow(sample, product_name, party_name) for sample, product_name, party_name in rows]


def count_by_state(session: Session, actor: Actor) -> dict[SampleState, int]:
    """How many of the samples the actor may see are in each state."""
    rows = session.execute(
        sa.select(Sample.state, sa.func.count()).where(visible_samples(actor)).group_by(Sample.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to the type checker


def get_sheet(session: Session, actor: Actor, sample_id: UUID) -> SampleSheet:
    """Everything that sampling knows of one sample.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    sample = get_sample(session, actor, sample_id)
    task = session.get_one(SamplingTask, sample.task_id)
    team = (task.first_sampler_id, task.second_sampler_id, task.accompanying_officer_id)
    names = person_names(session, team)
    return SampleSheet(
        sample=sample,
        form=session.get_one(SamplingForm, sample.id),
        task=task,
        plan=session.get_one(SamplingPlan, sample.plan_id),
        business=session.get_one(Business, sample.business_id),
        category_path=tuple(ancestors(session, sample.food_category_id)),
        regulator=get_organisation(session, sample.regulator_id),
        sampling_organisation=get_organisation(session, sample.sampling_organisation_id),
        lab=get_organisation(session, sample.lab_id),
        team=tuple(names.get(person_id, "") for person_id in team),
    )


def list_photos(session: Session, actor: Actor, sample_id: UUID) -> Sequence[SamplePhoto]:
    """The photos of a sample in the order in which they were added.

    Raises:
        NotFoundError: there is no such sample that the actor may see.
    """
    sample = get_sample(session, actor, sample_id)
    query = sa.select(SamplePhoto).where(SamplePhoto.sample_id == sample.id)
    return session.scalars(query.order_by(SamplePhoto.added_at, SamplePhoto.kind, SamplePhoto.id)).all()


def list_signatures(session: Session, actor: Actor, sample_id: UUID) -> Sequence[SampleSignature]:
    """The signatures under the form of a sample.

    Raises:
        NotFoundError: there is no such sample that the actor may see.
    """
    sample = get_sample(session, actor, sample_id)
    query = sa.select(SampleSignature).where(SampleSignature.sample_id == sample.id)
    return session.scalars(query.order_by(SampleSignature.signer)).all()


def get_own_picture(session: Session, actor: Actor, sha256: bytes) -> tuple[bytes, str]:
    """Content and media type of a picture that this very person sent, before there is a sample it stands on.

    Raises:
        NotFoundError: there is none, or somebody else sent it.
    """
    mine = sa.select(files.StoredFile.sha256).where(
        files.StoredFile.sha256 == sha256, files.StoredFile.stored_by_id == actor.require_person()
    )
    if session.scalar(mine) is None:
        raise NotFoundError
    return files.read_file(session, sha256)
