"""Reads of rechecks, within what the actor may see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.keeping.rules import shelf_life_end
from chain_of_custody.keeping.types import Hold, HoldKind
from chain_of_custody.models import HandOver
from chain_of_custody.queries import PortionCard, hand_over_to, list_cards, list_portions
from chain_of_custody.types import CustodyKind, PortionKind
from lims.actors import Actor
from lims.auth.permissions import BENCH_ROLES
from lims.catalog.queries import get_parameter
from lims.errors import NotFoundError
from lims.people.models import Organisation
from results.models import TestSetItem
from results.queries.later import LaterConclusion
from results.recheck.models import (
    Recheck,
    RecheckConclusion,
    RecheckDecline,
    RecheckExtension,
    RecheckReceipt,
    RecheckResult,
)
from results.recheck.rules import Application
from results.recheck.types import OVER, RecheckClock, RecheckState
from results.referral.models import Referral, ReferralBranch, ResultNotice, Service
from results.referral.queries import visible_branches
from sampling.models import SamplingForm

PAGE = 50


def visible_rechecks(actor: Actor) -> sa.ColumnElement[bool]:
    """Who sees a recheck: whoever sees a branch of its case, and the laboratory it was drawn for."""
    if actor.is_system:
        return sa.true()
    if actor.organisation_id is None:
        return sa.false()
    ours = sa.and_(
        Recheck.lab_id == actor.organisation_id,
        Recheck.state.in_((RecheckState.ASSIGNED, RecheckState.CONCLUDED, RecheckState.ENDED)),
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


def rechecks_of_sample(session: Session, actor: Actor, sample_id: UUID) -> Sequence[Recheck]:
    """The rechecks of a sample that the actor may see, the first one first."""
    return session.scalars(
        sa.select(Recheck)
        .where(Recheck.sample_id == sample_id, visible_rechecks(actor))
        .order_by(Recheck.entered_at, Recheck.id)
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
    """The worklist lines a recheck covers, in their order: what was asked for until it is accepted."""
    return session.scalars(
        sa.select(TestSetItem)
        .where(TestSetItem.id.in_(recheck.granted_item_ids or recheck.set_item_ids))
        .order_by(TestSetItem.position, TestSetItem.id)
    ).all()


def conclusion_of(session: Session, recheck_id: UUID) -> RecheckConclusion | None:
    """The conclusion of a recheck, where it has one."""
    return session.get(RecheckConclusion, recheck_id)


def backup_card(session: Session, sample_id: UUID) -> PortionCard | None:
    """The backup portion of a sample with its seal and who has it; None where none was kept."""
    portions = [one.id for one in list_portions(session, sample_id) if one.kind is PortionKind.BACKUP]
    return next(iter(list_cards(session, portions)), None) if portions else None


def later_conclusion_of(session: Session, sample_id: UUID) -> LaterConclusion | None:
    """The conclusion of a sample's recheck, as everybody hears of it who knew the first one."""
    row = session.execute(
        sa.select(Recheck.recheck_no, RecheckConclusion, Organisation)
        .join(RecheckConclusion, RecheckConclusion.recheck_id == Recheck.id)
        .join(Organisation, Organisation.id == Recheck.lab_id)
        .where(Recheck.sample_id == sample_id)
    ).one_or_none()
    if row is None:
        return None
    number, conclusion, lab = row
    return LaterConclusion(
        number, conclusion.report_no, lab.name_zh, lab.name_en, conclusion.verdict, conclusion.signed_at
    )


def hand_over_of(session: Session, recheck: Recheck) -> HandOver | None:
    """The list by which the backup portion goes to the laboratory that was drawn; None before it is offered."""
    card = backup_card(session, recheck.sample_id) if recheck.lab_id else None
    return hand_over_to(session, card.portion_id, recheck.lab_id) if card and recheck.lab_id else None


def receipt_of(session: Session, recheck_id: UUID) -> RecheckReceipt | None:
    """How the portion of a recheck came in, once it did."""
    return session.get(RecheckReceipt, recheck_id)


def extensions_of(session: Session, recheck_id: UUID) -> Sequence[RecheckExtension]:
    """Every extension of a recheck, the first one first."""
    return session.scalars(
        sa.select(RecheckExtension).where(RecheckExtension.recheck_id == recheck_id).order_by(RecheckExtension.number)
    ).all()


def first_due_at(session: Session, recheck_id: UUID, clock: RecheckClock) -> datetime | None:
    """When a term ended before its first extension; None where it never had one.

    A term begins anew with another laboratory: only extensions made since the last refusal of one count.
    """
    declined = sa.select(sa.func.max(RecheckDecline.declined_at)).where(RecheckDecline.recheck_id == recheck_id)
    return session.scalar(
        sa.select(RecheckExtension.old_due_at)
        .where(
            RecheckExtension.recheck_id == recheck_id,
            RecheckExtension.clock == clock,
            sa.func.coalesce(RecheckExtension.extended_at > declined.scalar_subquery(), sa.true()),
        )
        .order_by(RecheckExtension.number)
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class ItemName:
    """The name of an item in both languages."""

    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What the decision on an application rests on, as a person checks it.

    Attributes:
        application: the same as the rule sees it.
        microbiological: the microbiological items asked for.
        made_on: production, processing or purchase, as the sampling form says.
        shelf_life: in the words of the form.
        no_backup_reason: why none was kept; None where one was.
        is_disposed: the backup portion was disposed of.
    """

    application: Application
    microbiological: tuple[ItemName, ...]
    made_on: date
    shelf_life: str | None
    no_backup_reason: str | None
    is_disposed: bool


def application_facts(session: Session, recheck: Recheck, on: date) -> ApplicationFacts:
    """Everything the decision on an application looks at.

    Args:
        session: to read with.
        recheck: the application.
        on: the local day by whose rule parameters it is decided.
    """
    referral = session.get_one(Referral, recheck.referral_id)
    form = session.get_one(SamplingForm, recheck.sample_id)
    until = session.scalar(
        sa.select(Service.recheck_until)
        .join(ResultNotice, ResultNotice.id == Service.notice_id)
        .where(ResultNotice.sample_id == recheck.sample_id, ResultNotice.addressee == recheck.applicant)
    )
    asked = {str(line) for line in recheck.set_item_ids}
    micro = [one for one in referral.failed_items if one["set_item_id"] in asked and one["is_microbiological"]]
    card = backup_card(session, recheck.sample_id)
    is_disposed = card is not None and card.custody is CustodyKind.DISPOSED
    application = Application(
        applied_on=recheck.applied_on,
        recheck_until=until,
        asks_microbiological=bool(micro),
        has_backup=card is not None and not is_disposed,
        backup_until=shelf_life_end(form.product_date, form.shelf_life),
        asks_others=len(micro) < len(asked),
        may_be_split=bool(get_parameter(session, "recheck_mixed", on).value),
    )
    names = tuple(ItemName(one["name_zh"], one["name_en"]) for one in micro)
    return ApplicationFacts(application, names, form.product_date, form.shelf_life, form.no_backup_reason, is_disposed)


def grantable_items(session: Session, recheck: Recheck) -> list[UUID]:
    """Of the lines asked for, those a recheck may cover: all but the microbiological ones."""
    referral = session.get_one(Referral, recheck.referral_id)
    micro = {UUID(one["set_item_id"]) for one in referral.failed_items if one["is_microbiological"]}
    return [line for line in recheck.set_item_ids if line not in micro]


def running_rechecks_of(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Rechecks of these samples that were applied for and are not over."""
    rows = session.execute(
        sa.select(Recheck.sample_id, Recheck.recheck_no, Recheck.entered_at)
        .where(Recheck.sample_id.in_(sample_ids), Recheck.state.not_in(OVER))
        .order_by(Recheck.entered_at, Recheck.id)
    )
    return {row.sample_id: [Hold(HoldKind.RECHECK, row.recheck_no, row.entered_at)] for row in rows}
