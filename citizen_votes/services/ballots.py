"""Casting a ballot: one tag, one ballot, one statement."""

import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID, uuid4

import sqlalchemy as sa

from citizen_votes import keys
from citizen_votes.models import BallotInbox, ChallengeUse, PickRound, VoterTag
from citizen_votes.queries import offered_strata
from citizen_votes.rules.ballots import NONCE_BYTES, check_choices, commit_ballot, make_tag, receipt_number
from citizen_votes.rules.proof_of_work import ID_BYTES, ProofRefusedError, make_challenge, verify_proof
from citizen_votes.services.mixing import mix_round
from citizen_votes.types import Proof, RoundState, Tier
from lims.clock import local_date
from lims.errors import ConflictError, ForbiddenError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

CAST = sa.text(
    """
    WITH tagged AS (
        INSERT INTO voter_tag (round_id, tag) VALUES (:round_id, :tag) ON CONFLICT DO NOTHING RETURNING 1
    )
    INSERT INTO ballot_inbox (id, round_id, choices, tier, commitment, receipt, nonce, cast_on)
    SELECT :id, :round_id, :choices, :tier, :commitment, :receipt, :nonce, :cast_on FROM tagged
    WHERE NOT EXISTS (SELECT FROM ballot WHERE commitment = :commitment)
    RETURNING id
    """
).bindparams(
    sa.bindparam("round_id", type_=VoterTag.round_id.type),
    sa.bindparam("id", type_=BallotInbox.id.type),
    sa.bindparam("choices", type_=BallotInbox.choices.type),
)
USE = sa.text(
    "INSERT INTO challenge_use (challenge_id, expires_at) VALUES (:challenge_id, :expires_at)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)


class AlreadyVotedError(ConflictError):
    """This device or this paper has voted in this round; the first ballot counts."""

    code = "already_voted"


class RoundNotOpenError(ConflictError):
    """Votes are not taken now."""

    code = "round_not_open"


def challenge_key(secret: str) -> bytes:
    """The key that signs challenges, derived from the secret of the installation."""
    return hmac.digest(secret.encode(), b"citizen_votes.challenge", "sha256")


def issue_challenge(uow: UnitOfWork, round_id: UUID, key: bytes) -> str:
    """A new proof of work for an open round.

    Raises:
        NotFoundError: no such round.
        RoundNotOpenError: no votes are taken now.
    """
    pick_round = find_open_round(uow, round_id)
    difficulty = int(pick_round.rules["difficulty"])
    return make_challenge(key, str(round_id), secrets.token_bytes(ID_BYTES), uow.now, difficulty)


def cast_ballot(
    uow: UnitOfWork,
    round_id: UUID,
    choices: Sequence[str],
    *,
    nonce: bytes,
    device_token: str,
    proof: Proof,
    key: bytes,
    no_opinion: bool = False,
) -> str:
    """Take the ballot of a device, once; returns the receipt number.

    Args:
        choices: 1 to 5 strata of the round.
        nonce: 32 random bytes made on the device.
        device_token: 64 hexadecimal digits that the device keeps.
        proof: of work; used up by this.
        key: what `challenge_key` returned.
        no_opinion: said in place of choices.

    Raises:
        NotFoundError: no such round.
        RoundNotOpenError: no votes are taken now.
        ProofRefusedError: the proof does not hold or was used.
        InvalidInputError: not a valid ballot.
        AlreadyVotedError: this device voted before.

    Locks the round for sharing, so that it is not closed meanwhile. Nothing enters the ledger here: an entry per vote
    would keep the order in which people voted.
    """
    find_open_round(uow, round_id)
    stated = verify_proof(key, proof.challenge, proof.solution, str(round_id), uow.now)
    used = {"challenge_id": stated.challenge_id, "expires_at": stated.expires_at}
    tag = make_tag(keys.read_key(round_id), str(round_id), Tier.DEVICE, device_token)
    chosen = check_choices(choices, offered_strata(uow.session, round_id), no_opinion=no_opinion)
    if uow.session.execute(USE, used).first() is None:
        raise ProofRefusedError(_l("This page was used to vote before. Please try again."), field="proof")
    return _enter(uow, round_id, chosen, tag=tag, tier=Tier.DEVICE, nonce=nonce)


def take_paper_ballot(
    uow: UnitOfWork, round_id: UUID, serial: str, choices: Sequence[str], *, no_opinion: bool = False
) -> str:
    """Enter a paper ballot by its serial number; returns the receipt number to write on its stub.

    Raises:
        NotFoundError: no such round of this organisation.
        RoundNotOpenError: no votes are taken now.
        InvalidInputError: not a valid ballot or serial number.
        AlreadyVotedError: this paper was entered before.
    """
    pick_round = find_open_round(uow, round_id)
    if pick_round.organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    if uow.actor.is_system:
        raise ForbiddenError
    chosen = check_choices(choices, offered_strata(uow.session, round_id), no_opinion=no_opinion)
    tag = make_tag(keys.read_key(round_id), str(round_id), Tier.ASSISTED, serial.strip().upper())
    return _enter(uow, round_id, chosen, tag=tag, tier=Tier.ASSISTED, nonce=secrets.token_bytes(NONCE_BYTES))


def _enter(uow: UnitOfWork, round_id: UUID, chosen: tuple[str, ...], *, tag: bytes, tier: Tier, nonce: bytes) -> str:
    commitment = commit_ballot(str(round_id), chosen, nonce)
    receipt = receipt_number(commitment)
    entered = uow.session.execute(
        CAST,
        {
            "id": uuid4(),
            "round_id": round_id,
            "tag": tag,
            "choices": list(chosen),
            "tier": tier.value,
            "commitment": commitment,
            "receipt": receipt,
            "nonce": nonce,
            "cast_on": local_date(uow.now),
        },
    ).first()
    if entered is None:
        raise AlreadyVotedError(_l("You have voted in this round. Your first ballot counts."))
    return receipt


def find_open_round(uow: UnitOfWork, round_id: UUID) -> PickRound:
    found = uow.session.get(PickRound, round_id, with_for_update={"read": True})
    if found is None or found.state is RoundState.DRAFT:
        raise NotFoundError
    if found.state is not RoundState.OPEN or not found.opens_at <= uow.now < found.closes_at:
        raise RoundNotOpenError(_l("No votes are taken in this round now."), facts={"state": found.state.value})
    return found


def mix_waiting(uow: UnitOfWork) -> None:
    """Mix in the waiting ballots of every round that has enough of them; run by the background."""
    waiting = sa.select(BallotInbox.round_id).distinct().order_by(BallotInbox.round_id)
    for round_id in uow.session.scalars(waiting).all():
        pick_round = uow.session.get_one(PickRound, round_id, with_for_update=True)
        mix_round(uow, round_id, closed=pick_round.state is not RoundState.OPEN)


def sweep_challenges(uow: UnitOfWork) -> None:
    """Forget used challenges that have expired: they are refused by their date."""
    uow.session.execute(sa.delete(ChallengeUse).where(ChallengeUse.expires_at <= uow.now))
