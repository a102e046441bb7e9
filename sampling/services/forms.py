"""Submitting a sampling form: the moment a sample exists."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select

from lims import files
from lims.catalog.queries import ancestors, get_region
from lims.clock import local_date
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.people.queries import person_names
from lims.uow import UnitOfWork
from sampling.events import SampleTaken
from sampling.models import (
    PlanLine,
    Sample,
    SamplePhoto,
    SampleSignature,
    SamplingForm,
    SamplingInstitution,
    SamplingPlan,
    SamplingTask,
)
from sampling.number_blocks.services import next_sampling_no
from sampling.rules.form import SamplingFormInput, check_form
from sampling.services.samples import move_sample
from sampling.services.separation import claim_acts, sample_tuple
from sampling.types import DutyRole, PhotoKind, SampleEvent, SampleState, SignerKind, TaskState

MOST_PHOTOS = 60


@dataclass(frozen=True, slots=True)
class DrawnSignature:
    """A signature as the screen hands it over: a PNG; the name is needed for the party and the producer only."""

    png: bytes
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with what it shows and, where the camera said so, when it was taken."""

    kind: PhotoKind
    content: bytes
    taken_at: datetime | None = None


def submit_form(
    uow: UnitOfWork,
    task_id: UUID,
    form: SamplingFormInput,
    signatures: Mapping[SignerKind, DrawnSignature],
    photos: Sequence[Photo],
    *,
    food_category_id: UUID | None = None,
) -> Sample:
    """Turn a visit into a sample with its number, form, photos, signatures and the acts of the three persons.

    Locks the task, then (late) the register of numbers.

    Args:
        uow: the transaction.
        task_id: the visit.
        form: as filled in.
        signatures: as drawn.
        photos: as taken.
        food_category_id: the fine category of what was found, at or below the food of the task; that one when left out.

    Raises:
        NotFoundError: no such task for the team of the actor.
        ForbiddenError: the actor is not one of the two samplers.
        ConflictError: the task has ended.
        InvalidInputError: the form is incomplete or contradicts itself, or a file is not an image.
        SeparationRefusedError: one of the three stands on the testing side.

    Emits: SampleTaken, SampleMoved.
    """
    task = get_task_of_team(uow, task_id)
    if uow.actor.person_id not in {task.first_sampler_id, task.second_sampler_id}:
        raise ForbiddenError(_l("Only the two samplers of this task can submit its form."))
    check_form(form, local_date(uow.now), signatures.keys(), len(photos))
    if get_region(uow.session, form.region_code) is None:
        raise InvalidInputError(_l("There is no region %(code)s.", code=form.region_code), field="region_code")
    food = _food_taken(uow, task, food_category_id)
    drawn = _store_signatures(uow, signatures)
    stored = _store_photos(uow, photos)
    plan = uow.session.get_one(SamplingPlan, task.plan_id)
    names = _signer_names(uow, task, form)
    institution = institution_code(uow, task.sampling_organisation_id)
    # From here on other forms of the same place and institution wait for this one: nothing is read any more but duties.
    sample = Sample(
        id=uuid4(),
        sampling_no=next_sampling_no(
            uow,
            plan_line_id=task.plan_line_id,
            organisation_id=task.sampling_organisation_id,
            region_code=form.region_code,
            institution=institution,
        ),
        plan_id=task.plan_id,
        category_id=task.category_id,
        mode=task.mode,
        plan_line_id=task.plan_line_id,
        task_id=task.id,
        food_category_id=food,
        business_id=task.business_id,
        regulator_id=plan.organisation_id,
        sampling_organisation_id=task.sampling_organisation_id,
        lab_id=task.lab_id,
        state=SampleState.ISSUED,
        state_changed_at=uow.now,
        issued_at=uow.now,
        sampled_at=uow.now,
    )
    task.state, task.ended_at = TaskState.SAMPLED, uow.now
    uow.session.add(sample)
    uow.session.flush()
    uow.session.add(SamplingForm(sample_id=sample.id, submitted_at=uow.now, stage=form.stage, **asdict(form)))
    uow.session.add_all(
        SamplePhoto(sample_id=sample.id, kind=photo.kind, sha256=digest, taken_at=photo.taken_at, added_at=uow.now)
        for digest, photo in stored.items()
    )
    uow.session.add_all(
        SampleSignature(
            sample_id=sample.id,
            signer=kind,
            signer_name=one.name or names[kind],
            image_sha256=digest,
            signed_at=uow.now,
        )
        for kind, (one, digest) in drawn.items()
    )
    team = [
        (DutyRole.SAMPLER, task.first_sampler_id),
        (DutyRole.SAMPLER, task.second_sampler_id),
        (DutyRole.ACCOMPANYING_OFFICER, task.accompanying_officer_id),
    ]
    claim_acts(uow, sample_tuple(sample), team)
    move_sample(uow, sample, SampleEvent.FORM_SUBMITTED)
    round_id, stratum = uow.session.execute(
        select(SamplingPlan.pick_round_id, PlanLine.stratum)
        .join(PlanLine, PlanLine.plan_id == SamplingPlan.id)
        .where(PlanLine.id == task.plan_line_id)
    ).one()
    uow.emit(
        SampleTaken(sample_id=sample.id, task_id=task.id, plan_id=task.plan_id, pick_round_id=round_id, stratum=stratum)
    )
    return sample


def get_task_of_team(uow: UnitOfWork, task_id: UUID) -> SamplingTask:
    """An open task of the actor's organisation, its row locked until the commit.

    Raises:
        NotFoundError: there is none, or another organisation samples it.
        ConflictError: it has ended.
    """
    task = uow.session.get(SamplingTask, task_id, with_for_update=True)
    if task is None or task.sampling_organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    if task.state is not TaskState.ISSUED:
        raise ConflictError(_l("Task %(number)s has ended already.", number=task.task_no))
    return task


def _food_taken(uow: UnitOfWork, task: SamplingTask, food_category_id: UUID | None) -> UUID:
    if food_category_id is None or food_category_id == task.food_category_id:
        return task.food_category_id
    taken = ancestors(uow.session, food_category_id)
    if task.food_category_id not in {category.id for category in taken}:
        raise InvalidInputError(
            _l("%(food)s is not the food of this task, nor a part of it.", food=taken[-1].name_zh),
            field="food_category_id",
        )
    return food_category_id


def institution_code(uow: UnitOfWork, organisation_id: UUID) -> str:
    """The four digits of an organisation in its sampling numbers, given the first time they are asked for."""
    held = select(SamplingInstitution.code).where(SamplingInstitution.organisation_id == organisation_id)
    code = uow.session.scalar(held)
    if code is None:
        # Two first forms at one instant: the second waits here and finds what the first was given.
        uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("sampling_institution"))))
        code = uow.session.scalar(held)
    if code is None:
        code = f"{take_number(uow, 'sampling_institution', 'all'):04d}"
        uow.session.add(SamplingInstitution(organisation_id=organisation_id, code=code))
        uow.session.flush()
    return code


def _store_signatures(
    uow: UnitOfWork, signatures: Mapping[SignerKind, DrawnSignature]
) -> dict[SignerKind, tuple[DrawnSignature, bytes]]:
    """The signatures, each with the hash of its picture."""
    pictures = [one.png for one in signatures.values()]
    digests = files.store_files(uow, pictures, allowed=frozenset({"image/png"}))
    return {kind: (one, digest) for (kind, one), digest in zip(signatures.items(), digests, strict=True)}


def _store_photos(uow: UnitOfWork, photos: Sequence[Photo]) -> dict[bytes, Photo]:
    """The photos by hash; the same picture sent twice is one."""
    if len(photos) > MOST_PHOTOS:
        raise InvalidInputError(
            _l("There are %(count)s photos, at most %(most)s are taken.", count=len(photos), most=MOST_PHOTOS),
            field="photos",
        )
    digests = files.store_files(uow, [photo.content for photo in photos], allowed=files.IMAGES)
    return dict(zip(digests, photos, strict=True))


def _signer_names(uow: UnitOfWork, task: SamplingTask, form: SamplingFormInput) -> dict[SignerKind, str]:
    team = {
        SignerKind.FIRST_SAMPLER: task.first_sampler_id,
        SignerKind.SECOND_SAMPLER: task.second_sampler_id,
        SignerKind.ACCOMPANYING_OFFICER: task.accompanying_officer_id,
    }
    names = person_names(uow.session, team.values())
    return {kind: names[person_id] for kind, person_id in team.items()} | {
        SignerKind.SAMPLED_PARTY: form.party_contact or form.party_name,
        SignerKind.PRODUCER: form.producer_contact or form.producer_name or form.party_name,
    }
