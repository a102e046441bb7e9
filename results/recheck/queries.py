"""Reads of rechecks, within what the actor may see."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.keeping.types import Hold, HoldKind
from lims.actors import Actor, OrganisationKind
from lims.auth.permissions import BENCH_ROLES
from lims.errors import NotFoundError
from lims.people.models import Accreditation, Organisation
from results.models import TestSetItem
from results.recheck.models import Recheck, RecheckConclusion, RecheckResult
from results.recheck.types import RecheckState
from results.referral.models import ReferralBranch
from results.referral.queries import visible_branches
from sampling.models import OrganisationDuty, Sample
from sampling.types import Side

PAGE = 50
SCHEME = "RECHECK"  # the published list of recheck laboratories (复检机构名录), kept among the accreditations


def visible_rechecks(actor: Actor) -> sa.ColumnElement[bool]:
    """Who sees a recheck: whoever sees a branch of its case, and the laboratory it was drawn for."""
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None:
        return sa.false()
    ours = sa.and_(
        Recheck.lab_id == actor.organisation_id,
        Recheck.state.in_((RecheckState.ASSIGNED, RecheckState.CONCLUDED)),
    )
    if actor.roles & BENCH_ROLES:
        return ours
    cases = sa.select(ReferralBranch.referral_id).where(visible_branches(actor))
    return sa.or_(Recheck.referral_id.in_(cases), ours)


def get_recheck(session: Session, actor: Actor, recheck_id: UUID) -> Recheck:
    """One recheck.

    Raises:
        NotFoundError: there is none that the actor may see.
    """
    found = session.scalar(sa.select(Recheck).where(Recheck.id == recheck_id, visible_rechecks(actor)))
    if found is None:
        raise NotFoundError
    return found


def list_rechecks(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> Sequence[Recheck]:
    """Rechecks the actor may see, the newest first."""
    query = sa.select(Recheck).where(visible_rechecks(actor))
    if after is not None:
        query = query.where(sa.tuple_(Recheck.entered_at, Recheck.id) < sa.tuple_(*map(sa.literal, after)))
    return session.scalars(query.order_by(Recheck.entered_at.desc(), Recheck.id.desc()).limit(limit)).all()


def rechecks_of(session: Session, referral_id: UUID) -> Sequence[Recheck]:
    """The rechecks of a case, the first one first."""
    return session.scalars(
        sa.select(Recheck).where(Recheck.referral_id == referral_id).order_by(Recheck.entered_at, Recheck.id)
    ).all()


def standing_recheck_results(session: Session, recheck_id: UUID) -> dict[UUID, RecheckResult]:
    """The last version of each result, by worklist line."""
    rows = session.scalars(
        sa.select(RecheckResult)
        .where(RecheckResult.recheck_id == recheck_id)
        .order_by(RecheckResult.set_item_id, RecheckResult.version)
    )
    return {row.set_item_id: row for row in rows}


def lines_of(session: Session, recheck: Recheck) -> Sequence[TestSetItem]:
    """The worklist lines a recheck asks for, in their order."""
    return session.scalars(
        sa.select(TestSetItem)
        .where(TestSetItem.id.in_(recheck.set_item_ids))
        .order_by(TestSetItem.position, TestSetItem.id)
    ).all()


def conclusion_of(session: Session, recheck_id: UUID) -> RecheckConclusion | None:
    """The conclusion of a recheck, where it has one."""
    return session.get(RecheckConclusion, recheck_id)


def candidate_labs(session: Session, sample: Sample, on: date) -> list[UUID]:
    """Who may be drawn: laboratories on the list that day, of another group than the first, and not on its other side.

    **Source:** Food Safety Law Art. 88 (not the initial laboratory); product.md §4.
    """
    first = sa.select(Organisation.party_id).where(Organisation.id == sample.lab_id).scalar_subquery()
    sampling = sa.select(OrganisationDuty.party_id).where(
        OrganisationDuty.plan_id == sample.plan_id,
        OrganisationDuty.category_id == sample.category_id,
        OrganisationDuty.side == Side.SAMPLING,
    )
    sampler = sa.select(Organisation.party_id).where(Organisation.id == sample.sampling_organisation_id)
    rows = session.scalars(
        sa.select(Organisation.id)
        .join(Accreditation, Accreditation.organisation_id == Organisation.id)
        .where(
            Organisation.kind == OrganisationKind.LAB,
            Organisation.closed_on.is_(None),
            Accreditation.scheme == SCHEME,
            Accreditation.valid_from <= on,
            Accreditation.valid_to >= on,
            Organisation.party_id != first,
            Organisation.party_id.not_in(sampling),
            Organisation.party_id.not_in(sampler),
        )
        .distinct()
        .order_by(Organisation.id)
    )
    return list(rows)


def running_rechecks_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Rechecks of these samples that were applied for and are neither refused nor concluded."""
    running = (RecheckState.APPLIED, RecheckState.ACCEPTED, RecheckState.ASSIGNED)
    rows = session.execute(
        sa.select(Recheck.sample_id, Recheck.recheck_no, Recheck.entered_at)
        .where(Recheck.sample_id.in_(sample_ids), Recheck.state.in_(running))
        .order_by(Recheck.entered_at, Recheck.id)
    )
    return {row.sample_id: [Hold(HoldKind.RECHECK, row.recheck_no, row.entered_at)] for row in rows}
