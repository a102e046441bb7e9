"""Moving ballots from the inbox into the count, in batches whose order says nothing."""

import secrets
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa

from citizen_votes.events import BallotsMixed
from citizen_votes.models import Ballot, BallotInbox
from citizen_votes.rules.ballots import is_batch_ready, mix
from lims.uow import UnitOfWork

COLUMNS = ("id", "round_id", "choices", "tier", "commitment", "receipt", "nonce", "cast_on")


def mix_round(uow: UnitOfWork, round_id: UUID, *, closed: bool) -> int:
    """Mix the waiting ballots of one round in, when enough wait or the round is over; returns how many.

    The caller holds the lock on the round, so no ballot comes in meanwhile.

    Emits: BallotsMixed.
    """
    session = uow.session
    waiting = sa.select(sa.func.count()).select_from(BallotInbox).where(BallotInbox.round_id == round_id)
    if not is_batch_ready(session.scalar(waiting) or 0, closed=closed):
        return 0
    taken = session.execute(
        sa.delete(BallotInbox)
        .where(BallotInbox.round_id == round_id)
        .returning(*(getattr(BallotInbox, name) for name in COLUMNS))
    )
    rows = {row.id.bytes: dict(zip(COLUMNS, row, strict=True)) for row in taken}
    order = mix(rows, secrets.token_bytes(32))
    session.execute(sa.insert(Ballot), [rows[ballot_id] for ballot_id in order])
    digest = sha256(b"".join(sorted(row["commitment"] for row in rows.values()))).digest()
    uow.emit(BallotsMixed(round_id=round_id, ballots=len(rows), batch_sha256=digest))
    return len(rows)
