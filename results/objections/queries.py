"""Reads of objections and of the notice that its addressee answers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.keeping.types import Hold, HoldKind
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES
from lims.catalog.queries import deadline
from lims.clock import LOCAL_ZONE
from lims.erasure import Place
from lims.erasure.subjects import GONE
from lims.errors import NotFoundError
from lims.files import StoredFile
from results.objections.models import ApplicationFile, Objection
from results.objections.rules import ObjectionFacts, period_code
from results.objections.types import Consequence, ObjectionKind, ObjectionState, Outcome
from results.queries import UpheldObjection
from results.recheck.models import Recheck
from results.referral.models import Referral, ReferralBranch, ResultNotice, Service
from results.referral.types import MAY_APPLY_FOR_RECHECK, Addressee
from sampling.models import SamplingForm

PAGE = 50
NOON = time(12)  # any hour of the day of service: its period is counted in days
RUNNING = (ObjectionState.FILED, ObjectionState.ACCEPTED)


@dataclass(frozen=True, slots=True)
class AnsweredNotice:
    """A notice of a failure as its addressee sees it on the public page.

    Attributes:
        service: when and how it was served; None before.
        objections, rechecks: what this addressee applied for, the oldest first.
    """

    notice: ResultNotice
    service: Service | None
    referral: Referral
    form: SamplingForm
    objections: tuple[Objection, ...]
    rechecks: tuple[Recheck, ...]


def visible_objections(actor: Actor) -> sa.ColumnElement[bool]:
    """Who sees an objection: the regulator whose sample it is; nobody at a bench, whom it would tell what they test."""
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None or actor.roles & BENCH_ROLES:
        return sa.false()
    return Objection.regulator_id == actor.organisation_id


def get_objection(session: Session, actor: Actor, objection_id: UUID) -> Objection:
    """One objection.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    found = session.scalar(sa.select(Objection).where(Objection.id == objection_id, visible_objections(actor)))
    if found is None:
        raise NotFoundError
    return found


def list_objections(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> Sequence[Objection]:
    """Objections the actor may see, the newest first."""
    query = sa.select(Objection).where(visible_objections(actor))
    if after is not None:
        query = query.where(sa.tuple_(Objection.filed_at, Objection.id) < sa.tuple_(*map(sa.literal, after)))
    return session.scalars(query.order_by(Objection.filed_at.desc(), Objection.id.desc()).limit(limit)).all()


def count_undecided(session: Session, actor: Actor) -> int:
    """How many wait for somebody to accept or refuse them."""
    waiting = sa.select(sa.func.count()).select_from(Objection)
    return session.scalar(waiting.where(visible_objections(actor), Objection.state == ObjectionState.FILED)) or 0


def objections_of(session: Session, sample_id: UUID) -> Sequence[Objection]:
    """The objections to one sample, the first one first."""
    return session.scalars(
        sa.select(Objection).where(Objection.sample_id == sample_id).order_by(Objection.filed_at, Objection.id)
    ).all()


def files_of(
    session: Session, *, objection_id: UUID | None = None, recheck_id: UUID | None = None
) -> Sequence[tuple[ApplicationFile, StoredFile]]:
    """The papers of one application, as they were added."""
    which = ApplicationFile.objection_id == objection_id if objection_id else ApplicationFile.recheck_id == recheck_id
    rows = session.execute(
        sa.select(ApplicationFile, StoredFile)
        .join(StoredFile, StoredFile.sha256 == ApplicationFile.sha256)
        .where(which)
        .order_by(ApplicationFile.added_at, ApplicationFile.id)
    )
    return [(paper, stored) for paper, stored in rows]


def allowed_until(session: Session, sample_id: UUID, kind: ObjectionKind, applicant: Addressee) -> date | None:
    """The last day on which this side may file this kind; None while its period has not begun.

    **Source:** Measures Art. 37: from the end of the sampling, or from the notice of the failure.
    """
    if kind is ObjectionKind.SAMPLING:
        form = session.get(SamplingForm, sample_id)
        began: datetime | None = form.submitted_at if form else None
    else:
        served_on = session.scalar(
            sa.select(Service.served_on)
            .join(ResultNotice, ResultNotice.id == Service.notice_id)
            .where(ResultNotice.sample_id == sample_id, ResultNotice.addressee == applicant)
        )
        began = datetime.combine(served_on, NOON, LOCAL_ZONE) if served_on else None
    return None if began is None else deadline(session, period_code(kind), began).on


def facts_of(objection: Objection) -> ObjectionFacts:
    """What the decision looks at, as it stood when the objection came in."""
    return ObjectionFacts(objection.kind, objection.applicant, objection.filed_on, objection.allowed_until)


def find_notice(session: Session, notice_no: str) -> ResultNotice | None:
    """The notice of a failure by the number printed on it, if its addressee may answer it at all."""
    return session.scalar(
        sa.select(ResultNotice).where(
            ResultNotice.notice_no == notice_no.strip(),
            ~ResultNotice.passed,
            ResultNotice.addressee.in_(MAY_APPLY_FOR_RECHECK),
        )
    )


def answered_notice(session: Session, notice_id: UUID) -> AnsweredNotice:
    """All that the public page of a notice shows. Whoever asks has shown the code.

    Raises:
        NotFoundError: no such notice of a failure.
    """
    row = session.execute(
        sa.select(ResultNotice, Service, Referral, SamplingForm)
        .join(ReferralBranch, ReferralBranch.id == ResultNotice.branch_id)
        .join(Referral, Referral.id == ReferralBranch.referral_id)
        .join(SamplingForm, SamplingForm.sample_id == ResultNotice.sample_id)
        .outerjoin(Service, Service.notice_id == ResultNotice.id)
        .where(ResultNotice.id == notice_id, ResultNotice.addressee.in_(MAY_APPLY_FOR_RECHECK))
    ).one_or_none()
    if row is None:
        raise NotFoundError
    notice, service, referral, form = row
    rechecks = session.scalars(
        sa.select(Recheck)
        .where(Recheck.referral_id == referral.id, Recheck.applicant == notice.addressee)
        .order_by(Recheck.entered_at, Recheck.id)
    )
    own = [one for one in objections_of(session, notice.sample_id) if one.applicant is notice.addressee]
    return AnsweredNotice(notice, service, referral, form, tuple(own), tuple(rechecks))


def contacts_of_applications(session: Session, sample_id: UUID) -> Iterable[Place]:
    """Whom to call about objections and rechecks: personal, and erased with the people on the form."""
    for objection_id in session.scalars(sa.select(Objection.id).where(Objection.sample_id == sample_id)):
        yield Place("objection", {"id": objection_id}, {"contact": GONE})
    sent = sa.select(Recheck.id).where(Recheck.sample_id == sample_id, Recheck.contact.is_not(None))
    for recheck_id in session.scalars(sent):
        yield Place("recheck", {"id": recheck_id}, {"contact": GONE})


def running_objections_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Objections to these samples that are neither refused nor reviewed."""
    rows = session.execute(
        sa.select(Objection.sample_id, Objection.objection_no, Objection.filed_at)
        .where(Objection.sample_id.in_(sample_ids), Objection.state.in_(RUNNING))
        .order_by(Objection.filed_at, Objection.id)
    )
    found: dict[UUID, list[Hold]] = {}
    for sample_id, number, filed_at in rows:
        found.setdefault(sample_id, []).append(Hold(HoldKind.OBJECTION, number, filed_at))
    return found


def remarks_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, str]:
    """What the official table says of objections, by sample: 异议处理中, 异议认可, 异议不认可."""
    words = {None: "异议处理中", Outcome.UPHELD: "异议认可", Outcome.NOT_UPHELD: "异议不认可"}
    rows = session.execute(
        sa.select(Objection.sample_id, Objection.outcome)
        .where(Objection.sample_id.in_(sample_ids), Objection.state != ObjectionState.REFUSED)
        .order_by(Objection.filed_at, Objection.id)
    )
    found: dict[UUID, dict[str, None]] = {}
    for sample_id, outcome in rows:
        found.setdefault(sample_id, {})[words[outcome]] = None
    return {sample_id: "；".join(said) for sample_id, said in found.items()}


def upheld_of(session: Session, sample_id: UUID) -> UpheldObjection | None:
    """The objection that took back the conclusion of a sample."""
    row = session.scalar(
        sa.select(Objection)
        .where(Objection.sample_id == sample_id, Objection.consequence == Consequence.CASE_WITHDRAWN)
        .order_by(Objection.reviewed_at, Objection.id)
        .limit(1)
    )
    return None if row is None or row.reviewed_at is None else UpheldObjection(row.objection_no, row.reviewed_at)


def is_taken_back(sample_id: sa.orm.InstrumentedAttribute[UUID]) -> sa.ColumnElement[bool]:
    """Whether an objection took back the conclusion of a sample, as a part of a query."""
    return sa.exists().where(Objection.sample_id == sample_id, Objection.consequence == Consequence.CASE_WITHDRAWN)
