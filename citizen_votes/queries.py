"""Reads of rounds, tallies, ballots and what became of picks; always totally ordered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from citizen_votes.models import (
    Ballot,
    BallotInbox,
    Nomination,
    PickOption,
    PickOutcome,
    PickRound,
    TallyRow,
)
from citizen_votes.rules import tally as tally_rules
from citizen_votes.rules.ballots import read_receipt_number
from citizen_votes.types import ApprovalCount, NominationState, RoundState, Tally, Tier
from lims.actors import Actor
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l

PUBLISHED = (RoundState.CLOSED, RoundState.COUNTED, RoundState.SEALED)
PUBLIC = (RoundState.OPEN, *PUBLISHED)
COUNTED = (RoundState.COUNTED, RoundState.SEALED)
MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class FoundBallot:
    """The ballot that a receipt names. Its choices are told only once the round is over."""

    round: PickRound
    receipt: str
    cast_on: date
    is_mixed: bool
    choices: tuple[PickOption, ...] | None
    outcomes: tuple[PickOutcome, ...]


def get_round(session: Session, round_id: UUID, actor: Actor | None = None) -> PickRound:
    """A round that the public may see, or that belongs to the actor's organisation.

    Raises:
        NotFoundError: there is none, or it is somebody else's draft.
    """
    found = session.get(PickRound, round_id)
    own = found is not None and actor is not None and actor.organisation_id == found.organisation_id
    if found is None or (found.state not in PUBLIC and not own):
        raise NotFoundError
    return found


def get_own_round(session: Session, round_id: UUID, actor: Actor) -> PickRound:
    """A round of the actor's organisation.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(PickRound, round_id)
    if found is None or actor.organisation_id is None or found.organisation_id != actor.organisation_id:
        raise NotFoundError
    return found


def list_rounds(
    session: Session, *, organisation_id: UUID | None = None, after: UUID | None = None, limit: int = MAX_ROUNDS
) -> Sequence[PickRound]:
    """Rounds, the newest first: those of one organisation with drafts, or all that the public may see."""
    query = sa.select(PickRound)
    if organisation_id is None:
        query = query.where(PickRound.state.in_(PUBLIC))
    else:
        query = query.where(PickRound.organisation_id == organisation_id)
    if after is not None:
        last = sa.select(PickRound.opens_at, PickRound.id).where(PickRound.id == after).subquery()
        query = query.join(last, sa.tuple_(PickRound.opens_at, PickRound.id) < sa.tuple_(last.c.opens_at, last.c.id))
    return session.scalars(query.order_by(PickRound.opens_at.desc(), PickRound.id.desc()).limit(limit)).all()


def list_options(session: Session, round_id: UUID) -> Sequence[PickOption]:
    """What a round offers, in its order."""
    return session.scalars(
        sa.select(PickOption).where(PickOption.round_id == round_id).order_by(PickOption.position)
    ).all()


def offered_strata(session: Session, round_id: UUID) -> list[str]:
    """The codes of what a round offers, in its order."""
    return list(
        session.scalars(
            sa.select(PickOption.stratum).where(PickOption.round_id == round_id).order_by(PickOption.position)
        )
    )


def count_approvals(session: Session, round_id: UUID) -> list[ApprovalCount]:
    """Count the ballots themselves: how often those of each tier name each stratum."""
    named = sa.select(Ballot.tier, sa.func.unnest(Ballot.choices).label("stratum")).where(Ballot.round_id == round_id)
    each = named.subquery()
    rows = session.execute(
        sa.select(each.c.stratum, each.c.tier, sa.func.count())
        .group_by(each.c.stratum, each.c.tier)
        .order_by(each.c.stratum, each.c.tier)
    )
    return [ApprovalCount(stratum, Tier(tier), approvals) for stratum, tier, approvals in rows]


def get_tally(session: Session, round_id: UUID) -> Tally:
    """The tally of a counted round, weighed by its own rules; strata are `food_category_code@place_kind`.

    Raises:
        NotFoundError: no such round, or it is not counted.
    """
    counted = session.get(PickRound, round_id)
    if counted is None or counted.state not in COUNTED:
        raise NotFoundError(_l("This round is not counted yet."))
    rows = session.execute(
        sa.select(TallyRow.stratum, TallyRow.tier, TallyRow.approvals)
        .where(TallyRow.round_id == round_id)
        .order_by(TallyRow.stratum, TallyRow.tier)
    )
    counts = [ApprovalCount(stratum, tier, approvals) for stratum, tier, approvals in rows]
    offered = offered_strata(session, round_id)
    return tally_rules.count_votes(counts, offered, int(counted.rules["device_cap_ppm"]))


def ballot_count(session: Session, round_id: UUID) -> int:
    """How many ballots were cast, mixed or waiting."""
    return sum(
        session.scalar(sa.select(sa.func.count()).select_from(table).where(table.round_id == round_id)) or 0
        for table in (Ballot, BallotInbox)
    )


def list_ballots(
    session: Session, round_id: UUID, *, after: tuple[str, UUID] | None = None, limit: int = 100
) -> Sequence[Ballot]:
    """The published ballots of a round by receipt number; the order says nothing about when they were cast.

    Raises:
        NotFoundError: no such round, or it is not closed yet.
    """
    found = session.get(PickRound, round_id)
    if found is None or found.state not in PUBLISHED:
        raise NotFoundError(_l("The ballots are published when the round is closed."))
    query = sa.select(Ballot).where(Ballot.round_id == round_id)
    if after is not None:
        query = query.where(sa.tuple_(Ballot.receipt, Ballot.id) > sa.tuple_(*after))
    return session.scalars(query.order_by(Ballot.receipt, Ballot.id).limit(limit)).all()


def find_ballot(session: Session, receipt: str) -> FoundBallot:
    """What a receipt number stands for.

    Raises:
        InvalidInputError: no receipt number.
        NotFoundError: no ballot has this number.
    """
    number = read_receipt_number(receipt)
    ballot: Ballot | BallotInbox | None = (
        session.scalars(sa.select(Ballot).where(Ballot.receipt == number).order_by(Ballot.id).limit(1)).first()
        or session.scalars(
            sa.select(BallotInbox).where(BallotInbox.receipt == number).order_by(BallotInbox.id).limit(1)
        ).first()
    )
    if ballot is None:
        raise NotFoundError(_l("No ballot has the receipt number %(number)s.", number=number), field="receipt")
    found = session.get_one(PickRound, ballot.round_id)
    choices = None
    if found.state in PUBLISHED:
        chosen = set(ballot.choices)
        choices = tuple(option for option in list_options(session, found.id) if option.stratum in chosen)
    outcomes = tuple(
        outcome for outcome in list_outcomes(session, found.id) if choices and outcome.stratum in set(ballot.choices)
    )
    return FoundBallot(found, number, ballot.cast_on, isinstance(ballot, Ballot), choices, outcomes)


def list_outcomes(session: Session, round_id: UUID) -> Sequence[PickOutcome]:
    """What became of the picks of a counted round, by stratum."""
    return session.scalars(
        sa.select(PickOutcome).where(PickOutcome.round_id == round_id).order_by(PickOutcome.stratum)
    ).all()


def list_nominations(session: Session, round_id: UUID, *, limit: int = 200) -> Sequence[Nomination]:
    """Nominations that wait for a person; hidden from the public."""
    return session.scalars(
        sa.select(Nomination)
        .where(Nomination.round_id == round_id, Nomination.state == NominationState.WAITING)
        .order_by(Nomination.named_on, Nomination.id)
        .limit(limit)
    ).all()


def count_accepted_nominations(session: Session, round_id: UUID) -> Counter[str]:
    """How often each business name counts as named, after moderation and the cap per network and day."""
    rows = session.execute(
        sa.select(Nomination.business_name, Nomination.network_tag, Nomination.named_on)
        .where(Nomination.round_id == round_id, Nomination.state == NominationState.ACCEPTED)
        .order_by(Nomination.id)
    )
    return tally_rules.count_nominations(tally_rules.Nomination(name, tag, day) for name, tag, day in rows)
