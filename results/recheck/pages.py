"""What the page of a recheck shows: grounds with their facts, who is in the lot and why not, terms, what one can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.catalog.models import TestItem
from lims.catalog.queries import load_calendar
from lims.catalog.workdays import last_day
from lims.clock import local_date
from lims.i18n import LazyString, bilingual
from lims.i18n import gettext as _
from lims.people.models import Organisation
from lims.people.queries import get_organisation, person_names
from results.recheck import queries
from results.recheck.forms import CLOCKS, EXCLUSIONS, REASONS
from results.recheck.models import Recheck, RecheckDecline, RecheckFee
from results.recheck.rules import CLOCK_COLUMNS, MAY_BE_OVERRULED, refusals_of, running_clock
from results.recheck.types import Exclusion, FeeBearer, RecheckState, RefusalReason


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground of refusal the program proposes, or does not, with the facts it rests on."""

    name: LazyString
    facts: str
    is_proposed: bool
    is_known: bool = True  # False where the words of a form could not be read


@dataclass(frozen=True, slots=True)
class Term:
    """The running term of a recheck."""

    name: LazyString
    on: date
    days_left: int
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class LotLine:
    """A laboratory of the list: its ticket, or why it had none."""

    lab: Organisation
    ticket: str | None
    exclusion: LazyString | None
    fact: str
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that was drawn."""

    seed: str
    lines: tuple[LotLine, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """A laboratory that declined, with its lot and the judgement."""

    row: RecheckDecline
    lab: Organisation
    lot: Lot
    is_late: bool


def _expiry(facts: queries.ApplicationFacts) -> str:
    made_on, until = facts.made_on.isoformat(), facts.application.backup_until
    if until is None:
        return _(
            "Of %(day)s; the shelf life “%(text)s” cannot be read, so a person looks at the label.",
            day=made_on,
            text=facts.shelf_life or "/",
        )
    return _(
        "Of %(day)s with a shelf life of “%(text)s”: until %(until)s; applied on %(applied)s.",
        day=made_on,
        text=facts.shelf_life,
        until=until.isoformat(),
        applied=facts.application.applied_on.isoformat(),
    )


def _lateness(facts: queries.ApplicationFacts) -> str:
    until = facts.application.recheck_until
    if until is None:
        return _("No service on this applicant is recorded: the time to apply has not begun; record the service.")
    return _(
        "Applied on %(applied)s; the last day is %(until)s.",
        applied=facts.application.applied_on.isoformat(),
        until=until.isoformat(),
    )


def _fitness(facts: queries.ApplicationFacts) -> str:
    if facts.is_disposed:
        return _("The backup portion was disposed of.")
    if facts.application.has_backup:
        return _("A backup portion is kept.")
    return _("No backup portion was kept: %(reason)s.", reason=facts.no_backup_reason or "/")


def _microbiological(facts: queries.ApplicationFacts) -> str:
    names = "、".join(bilingual(item) for item in facts.microbiological)
    if not names:
        return _("No item asked for is microbiological.")
    if not facts.application.asks_others:
        return _("Asked for, and cannot be tested again: %(names)s.", names=names)
    if facts.application.may_be_split:
        return _("Left out of the acceptance, which covers the other items: %(names)s.", names=names)
    return _("A mixed application is refused as a whole; microbiological in it: %(names)s.", names=names)


FACTS: dict[RefusalReason, Callable[[queries.ApplicationFacts], str]] = {
    RefusalReason.MICROBIOLOGICAL: _microbiological,
    RefusalReason.BACKUP_EXPIRED: _expiry,
    RefusalReason.LATE: _lateness,
    RefusalReason.BACKUP_UNFIT: _fitness,
}


def grounds_of(session: Session, recheck: Recheck, on: date) -> list[Ground]:
    """Every ground of refusal with its facts, those proposed first."""
    facts = queries.application_facts(session, recheck, on)
    proposed = set(refusals_of(facts.application))
    unread = {RefusalReason.BACKUP_EXPIRED} if facts.application.backup_until is None else set()
    if facts.application.recheck_until is None:
        unread.add(RefusalReason.LATE)
    lines = [
        Ground(REASONS[reason], words(facts), reason in proposed, reason not in unread)
        for reason, words in FACTS.items()
    ]
    return sorted(lines, key=lambda line: not line.is_proposed)


def wants_note(session: Session, recheck: Recheck, on: date) -> bool:
    """Whether it can be accepted only with a reason in writing."""
    reasons = set(refusals_of(queries.application_facts(session, recheck, on).application))
    return bool(reasons) and reasons <= MAY_BE_OVERRULED


def term_of(recheck: Recheck, session: Session, now: datetime) -> Term | None:
    """The running term with the working days that are left."""
    clock = running_clock(recheck.state, {one: getattr(recheck, name) for one, name in CLOCK_COLUMNS.items()})
    if clock is None:
        return None
    due_at = getattr(recheck, CLOCK_COLUMNS[clock])
    calendar = load_calendar(session)
    on = last_day(due_at)
    return Term(CLOCKS[clock], on, calendar.days_left(due_at, now), calendar.is_provisional(on))


def lot_of(session: Session, draw: Mapping[str, Any]) -> Lot:
    """A lot as it was drawn: the lowest ticket first, then who had none."""
    drawn = [
        LotLine(get_organisation(session, UUID(lab_id)), ticket, None, "", lab_id == draw["drawn"])
        for lab_id, ticket in sorted(draw["tickets"].items(), key=lambda lot: (lot[1], lot[0]))
    ]
    excluded = [
        LotLine(get_organisation(session, UUID(lab_id)), None, EXCLUSIONS[Exclusion(why["reason"])], why["fact"], False)
        for lab_id, why in sorted(draw.get("excluded", {}).items())
    ]
    return Lot(draw["seed"], (*drawn, *excluded))


def coming_lot(session: Session, recheck: Recheck, on: date) -> list[LotLine]:
    """Who would be in the lot if it were drawn today, and who not and why."""
    return [
        LotLine(
            get_organisation(session, one.lab_id),
            None,
            EXCLUSIONS[one.exclusion] if one.exclusion else None,
            one.fact,
            False,
        )
        for one in queries.who_may_be_drawn(session, recheck, on)
    ]


def detail_page(session: Session, actor: Actor, recheck: Recheck, now: datetime) -> dict[str, Any]:
    """Everything the page of a recheck shows to this person."""
    today = local_date(now)
    decides = actor.may("recheck.decide")
    is_open = recheck.state is RecheckState.APPLIED
    lines, standing = queries.lines_of(session, recheck), queries.standing_recheck_results(session, recheck.id)
    receipt = queries.receipt_of(session, recheck.id)
    extensions = queries.extensions_of(session, recheck.id)
    fee = queries.fee_of(session, recheck.id)
    people = {one.extended_by_id for one in extensions} | ({receipt.received_by_id} if receipt else set())
    left_out = set(recheck.set_item_ids) - set(recheck.granted_item_ids or recheck.set_item_ids)
    return {
        "recheck": recheck,
        "lines": [(line, session.get_one(TestItem, line.item_id), standing.get(line.id)) for line in lines],
        "left_out": len(left_out),
        "lab": get_organisation(session, recheck.lab_id) if recheck.lab_id else None,
        "conclusion": queries.conclusion_of(session, recheck.id),
        "reason": REASONS[recheck.refusal] if recheck.refusal else None,
        "grounds": grounds_of(session, recheck, today) if decides and is_open else (),
        "wants_note": decides and is_open and wants_note(session, recheck, today),
        "coming": coming_lot(session, recheck, today) if decides and recheck.state is RecheckState.ACCEPTED else (),
        "lot": lot_of(session, recheck.draw) if decides and recheck.draw else None,
        "declines": [_declined(session, one) for one in queries.declines_of(session, recheck.id)] if decides else (),
        "term": term_of(recheck, session, now),
        "extensions": [
            (one, CLOCKS[one.clock], last_day(one.old_due_at), last_day(one.new_due_at)) for one in extensions
        ],
        "receipt": receipt,
        "fee": fee,
        "fee_due_on": last_day(fee.pay_due_at) if fee else None,
        "watches": queries.watches_of(session, recheck.id),
        "first_methods": queries.first_methods(session, recheck),
        "has_sheet": queries.hand_over_of(session, recheck) is not None,
        "people": person_names(session, list(people)),
        "can": steps_of(actor, recheck, is_received=receipt is not None) | fee_steps(actor, recheck, fee),
        "decides": decides,
        "names": bilingual,
    }


def steps_of(actor: Actor, recheck: Recheck, *, is_received: bool) -> frozenset[str]:
    """What this person could do now; the services decide again."""
    state = recheck.state.value
    can: set[str] = set()
    if actor.may("recheck.decide") and actor.organisation_id != recheck.lab_id:
        can |= {"applied": {"accept", "refuse", "extend"}, "accepted": {"draw", "extend"}, "assigned": {"extend"}}.get(
            state, set()
        )
    if state == "assigned" and actor.organisation_id == recheck.lab_id:
        wanted = {"test", "sign"} if is_received else {"receive"}
        can |= {name for name in wanted if actor.may(f"recheck.{name}")}
        if not is_received and actor.may("recheck.sign"):
            can.add("decline")
    return frozenset(can)


def fee_steps(actor: Actor, recheck: Recheck, fee: RecheckFee | None) -> frozenset[str]:
    """What this person could do with the fee now."""
    can = set()
    if actor.may("recheck.fees"):
        if fee is None and recheck.state is RecheckState.ASSIGNED:
            can.add("state_fee")
        if fee is not None and fee.amount > 0 and fee.advanced_on is None:
            can.add("advance")
    owes = fee is not None and fee.borne_by is FeeBearer.REGULATOR and fee.advanced_on is not None
    if owes and fee is not None and fee.repaid_on is None and actor.may("recheck.decide"):
        can.add("repay")
    return frozenset(can)


def _declined(session: Session, row: RecheckDecline) -> Declined:
    lab = get_organisation(session, row.lab_id)
    return Declined(row, lab, lot_of(session, row.draw), row.declined_at > row.due_at)
