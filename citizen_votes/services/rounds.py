"""The life of a round: drafted, opened with frozen rules, closed, counted, its voter key destroyed."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from citizen_votes import keys
from citizen_votes.events import RoundClosed, RoundCounted, RoundKeyDestroyed, RoundOpened
from citizen_votes.models import PickOption, PickOutcome, PickRound, TallyRow
from citizen_votes.queries import count_approvals, list_options
from citizen_votes.rules.ballots import MAX_APPROVALS
from citizen_votes.rules.proof_of_work import DEFAULT_DIFFICULTY, MAX_DIFFICULTY
from citizen_votes.rules.tally import DEVICE_CAP_PPM, NOMINATION_STEPS
from citizen_votes.services.mixing import mix_round
from citizen_votes.types import PLACES, RoundState, Stratum
from lims.catalog.queries import find_category
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

MAX_OPTIONS = 60  # more than a person scrolls through on a phone
MAX_DURATION = timedelta(days=180)
PLACE_OF = {place.code: place for place in PLACES}


def create_round(
    uow: UnitOfWork,
    *,
    title_zh: str,
    title_en: str,
    opens_at: datetime,
    closes_at: datetime,
    strata: Sequence[Stratum],
    difficulty: int = DEFAULT_DIFFICULTY,
) -> PickRound:
    """Draft a round of the actor's organisation.

    Args:
        strata: what is offered, in the order of the published tally.
        difficulty: of the proof of work, in bits per puzzle.

    Raises:
        InvalidInputError: no or too many options, one twice, an unknown food or place, or impossible times.
    """
    if not 0 < len(strata) <= MAX_OPTIONS or len(set(strata)) < len(strata):
        raise InvalidInputError(
            _l(
                "%(count)s foods are offered, expected 1 to %(most)s different ones.",
                count=len(strata),
                most=MAX_OPTIONS,
            ),
            field="options",
        )
    if not timedelta(0) < closes_at - opens_at <= MAX_DURATION:
        raise InvalidInputError(_l("A round must close after it opens, within 180 days."), field="closes_at")
    if not 1 <= difficulty <= MAX_DIFFICULTY:
        raise InvalidInputError(
            _l("The difficulty is %(given)s, expected 1 to %(most)s.", given=difficulty, most=MAX_DIFFICULTY),
            field="difficulty",
        )
    drafted = PickRound(
        organisation_id=uow.actor.require_organisation(),
        title_zh=title_zh,
        title_en=title_en,
        opens_at=opens_at,
        closes_at=closes_at,
        state=RoundState.DRAFT,
        rules={"difficulty": difficulty},
        rules_sha256=b"",
    )
    uow.session.add(drafted)
    uow.session.flush()
    uow.session.add_all(_option(uow, drafted.id, position, one) for position, one in enumerate(strata, start=1))
    uow.session.flush()
    drafted.rules = _rules(drafted, [one.code for one in strata], difficulty)
    drafted.rules_sha256 = digest_rules(drafted.rules)
    uow.session.flush()
    return drafted


def _option(uow: UnitOfWork, round_id: UUID, position: int, stratum: Stratum) -> PickOption:
    category = find_category(uow.session, stratum.food_category_code)
    place = PLACE_OF.get(stratum.place_kind)
    if category is None or place is None:
        raise InvalidInputError(_l("%(choice)s is no known food and place.", choice=stratum.code), field="options")
    return PickOption(
        round_id=round_id,
        stratum=stratum.code,
        position=position,
        food_category_code=category.code,
        place_kind=place.code,
        name_zh=category.name_zh,
        name_en=category.name_en or category.name_zh,
        place_zh=place.zh,
        place_en=place.en,
    )


def _rules(drafted: PickRound, offered: Sequence[str], difficulty: int) -> dict[str, Any]:
    return {
        "options": list(offered),
        "max_approvals": MAX_APPROVALS,
        "device_cap_ppm": DEVICE_CAP_PPM,
        "nomination_steps": list(NOMINATION_STEPS),
        "difficulty": difficulty,
        "opens_at": drafted.opens_at.isoformat(),
        "closes_at": drafted.closes_at.isoformat(),
    }


def digest_rules(rules: dict[str, Any]) -> bytes:
    """SHA-256 of the rules as sorted JSON without spaces; published while the round is open."""
    return sha256(json.dumps(rules, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).digest()


def open_round(uow: UnitOfWork, round_id: UUID) -> PickRound:
    """Take votes from `opens_at` on; from now on the rules are fixed and their digest stands in the ledger.

    Raises:
        NotFoundError: no such round of this organisation.
        ConflictError: it is not a draft, or its time is over.

    Emits: RoundOpened.
    """
    opened = _own_round(uow, round_id, RoundState.DRAFT)
    if opened.closes_at <= uow.now:
        raise ConflictError(_l("The time of this round is over. Make a new one."), field="closes_at")
    keys.make_key(round_id)
    opened.state = RoundState.OPEN
    uow.emit(RoundOpened(round_id=round_id, rules_sha256=opened.rules_sha256))
    return opened


def close_round(uow: UnitOfWork, round_id: UUID) -> PickRound:
    """Take no more votes, and mix in what still waits.

    Locks the round, so that a vote in another transaction is either in or refused.

    Raises:
        NotFoundError: no such round of this organisation.
        ConflictError: it is not open.

    Emits: RoundClosed, BallotsMixed.
    """
    closed = _own_round(uow, round_id, RoundState.OPEN)
    closed.state = RoundState.CLOSED
    mix_round(uow, round_id, closed=True)
    uow.emit(RoundClosed(round_id=round_id))
    return closed


def close_due_rounds(uow: UnitOfWork) -> None:
    """Close every round whose time is over; run by the background."""
    due = sa.select(PickRound.id).where(PickRound.state == RoundState.OPEN, PickRound.closes_at <= uow.now)
    for round_id in uow.session.scalars(due.order_by(PickRound.id)).all():
        close_round(uow, round_id)


def count_round(uow: UnitOfWork, round_id: UUID) -> PickRound:
    """Count the ballots of a closed round; the tally never changes afterwards.

    Raises:
        NotFoundError: no such round of this organisation.
        ConflictError: it is not closed.

    Emits: RoundCounted.
    """
    counted = _own_round(uow, round_id, RoundState.CLOSED)
    uow.session.add_all(
        TallyRow(round_id=round_id, stratum=count.stratum, tier=count.tier, approvals=count.approvals)
        for count in count_approvals(uow.session, round_id)
    )
    uow.session.add_all(
        PickOutcome(round_id=round_id, stratum=option.stratum, planned=0, sampled=0, published=0, failed=0, handled=0)
        for option in list_options(uow.session, round_id)
    )
    counted.state = RoundState.COUNTED
    counted.counted_at = uow.now
    uow.emit(RoundCounted(round_id=round_id))
    return counted


def destroy_key(uow: UnitOfWork, round_id: UUID) -> PickRound:
    """Destroy the key of a counted round: nobody can make its tags again, not even who holds the database.

    The file goes first: if the transaction fails afterwards, the act can be repeated, and the key stays gone.

    Raises:
        NotFoundError: no such round of this organisation.
        ConflictError: it is not counted.

    Emits: RoundKeyDestroyed.
    """
    sealed = _own_round(uow, round_id, RoundState.COUNTED)
    keys.remove_key(round_id)
    sealed.state = RoundState.SEALED
    uow.emit(RoundKeyDestroyed(round_id=round_id))
    return sealed


def note_outcome(
    uow: UnitOfWork,
    round_id: UUID,
    stratum: str,
    *,
    planned: int = 0,
    sampled: int = 0,
    published: int = 0,
    failed: int = 0,
    handled: int = 0,
) -> None:
    """Add to what became of a pick. A finer food counts for the offered food above it; one not offered at all is left.

    Args:
        planned, sampled, published, failed, handled: how many more samples (less, when negative).
    """
    more = {"planned": planned, "sampled": sampled, "published": published, "failed": failed, "handled": handled}
    food, _at, place = stratum.partition("@")
    offered = uow.session.scalars(
        sa.select(PickOption.stratum)
        .where(PickOption.round_id == round_id, PickOption.stratum.in_([stratum, f"{food.split('-')[0]}@{place}"]))
        .order_by(sa.func.length(PickOption.stratum).desc())
    ).first()
    if offered is None:
        return
    # The row that would be new must satisfy its checks even where it only changes the one that stands.
    fresh = {name: max(count, 0) for name, count in more.items()}
    row = insert(PickOutcome).values(round_id=round_id, stratum=offered, **fresh)
    uow.session.execute(
        row.on_conflict_do_update(
            index_elements=[PickOutcome.round_id, PickOutcome.stratum],
            set_={name: getattr(PickOutcome, name) + count for name, count in more.items()},
        )
    )


def _own_round(uow: UnitOfWork, round_id: UUID, expected: RoundState) -> PickRound:
    found = uow.session.get(PickRound, round_id, with_for_update=True)
    if found is None or not (uow.actor.is_system or uow.actor.organisation_id == found.organisation_id):
        raise NotFoundError
    if found.state is not expected:
        raise ConflictError(
            _l("The round is %(state)s, expected %(expected)s.", state=found.state.value, expected=expected.value),
            facts={"state": found.state.value},
        )
    return found
