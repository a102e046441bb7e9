"""Taking signed heads out of the house: to witnesses that countersign, and to mailboxes that keep.

A head that only this machine holds proves nothing against whoever holds the machine. Every minute the newest head
goes to each witness with a proof that its tree begins with the one the witness saw last; once a day it goes out by
mail. What a witness says stands in `ledger_witnessing`, its refusals too, and a refusal is a count of `/ops` that must
be zero.
"""

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lims.ledger.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf, LedgerWitnessing
from lims.ledger.proofs import consistency_proof
from lims.ledger.queries import latest_checkpoint
from lims.ledger.sequencer import edge_of
from lims.ledger.witness import ADD_CHECKPOINT, SIZE_TYPE, Answer, Request
from lims.uow import UnitOfWork

MAILTO = "mailto:"
MAIL_EVERY = timedelta(hours=24)
WITNESS_SECONDS = 10.0
MAX_ANSWER = 4096
WITNESSING_LOCK = 0x5749544E  # "WITN": one delivery at a time in the whole installation

Ask = Callable[[str, str], Answer]
Send = Callable[[str, str, str], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a witness is, as the operations page shows it."""

    witness: str
    last: LedgerWitnessing | None


def deliver_heads(uow: UnitOfWork, witnesses: Sequence[str], ask: Ask, send: Send) -> None:
    """Bring the newest head to every witness that has not seen it.

    A witness that cannot be reached is tried again at the next run; that is logged and not kept.

    Args:
        witnesses: addresses, `https://…` of a witness or `mailto:…`.
        ask: posts a request to a witness and returns its answer; raises OSError.
        send: hands a message to the mail server: to whom, subject, text; raises OSError.
    """
    if not witnesses:
        return
    free = uow.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": WITNESSING_LOCK})
    head = latest_checkpoint(uow.session)
    if not free or head is None:
        return
    for witness in witnesses:
        try:
            if witness.startswith(MAILTO):
                _mail(uow, witness, head, send)
            else:
                _ask_to_countersign(uow, witness, head, ask)
        except OSError as error:
            log.warning("witness_unreachable", witness=witness, error=str(error))


def post_to_witness(witness: str, body: str) -> Answer:
    """Ask a witness over HTTP.

    Raises:
        OSError: it cannot be reached in time.
    """
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked with the settings
        witness.rstrip("/") + ADD_CHECKPOINT,
        data=body.encode(),
        method="POST",
        headers={"Content-Type": "text/plain; charset=utf-8"},
    )
    try:
        with urllib.request.urlopen(request, timeout=WITNESS_SECONDS) as answer:  # noqa: S310
            return Answer(HTTPStatus(answer.status), answer.read(MAX_ANSWER).decode("utf8", "replace"))
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(MAX_ANSWER).decode("utf8", "replace")
        return Answer(HTTPStatus(error.code), said, error.headers.get_content_type())


def list_standings(session: Session, witnesses: Sequence[str]) -> list[Standing]:
    """How far each witness is."""
    return [Standing(witness, last_word(session, witness)) for witness in witnesses]


def last_word(session: Session, witness: str) -> LedgerWitnessing | None:
    """What a witness said last."""
    return session.scalar(
        select(LedgerWitnessing)
        .where(LedgerWitnessing.witness == witness)
        .order_by(LedgerWitnessing.id.desc())
        .limit(1)
    )


def _mail(uow: UnitOfWork, witness: str, head: LedgerCheckpoint, send: Send) -> None:
    last = last_word(uow.session, witness)
    if last is not None and (last.size == head.size or uow.now - last.at < MAIL_EVERY):
        return
    origin = head.note.partition("\n")[0]
    send(witness.removeprefix(MAILTO), f"{origin}: {head.size}", head.note)
    uow.session.add(LedgerWitnessing(witness=witness, size=head.size, at=uow.now))


def _ask_to_countersign(uow: UnitOfWork, witness: str, head: LedgerCheckpoint, ask: Ask) -> None:
    last = uow.session.scalar(
        select(LedgerWitnessing)
        .where(LedgerWitnessing.witness == witness, LedgerWitnessing.refusal.is_(None))
        .order_by(LedgerWitnessing.id.desc())
        .limit(1)
    )
    seen = last.size if last else 0
    if seen == head.size:
        return
    answer = _grow(uow.session, witness, seen, head, ask)
    if answer.status == HTTPStatus.CONFLICT and answer.media_type == SIZE_TYPE and answer.text.strip().isdecimal():
        # It saw another head last: a lost answer, or a witness that was set back.
        stated = int(answer.text)
        if stated == 0 or uow.session.get(LedgerCheckpoint, stated) is not None:
            answer = _grow(uow.session, witness, stated, head, ask)
        else:
            answer = Answer(answer.status, f"it has seen {stated} events, and no head here has that size")
    _note(uow, witness, head.size, answer)


def _grow(session: Session, witness: str, seen: int, head: LedgerCheckpoint, ask: Ask) -> Answer:
    """Ask a witness to move on from what it saw to the newest head."""
    proof: Sequence[bytes] = ()
    if seen:
        added = session.scalars(
            select(LedgerEvent.hash)
            .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.id)
            .where(LedgerLeaf.index >= seen, LedgerLeaf.index < head.size)
            .order_by(LedgerLeaf.index)
        ).all()
        if added:
            proof = consistency_proof(edge_of(session.get_one(LedgerCheckpoint, seen)), added)
    return ask(witness, Request(seen, tuple(proof), head.note).to_text())


def _note(uow: UnitOfWork, witness: str, size: int, answer: Answer) -> None:
    """Keep a countersignature, or a refusal that was not heard before; what may pass is only logged."""
    if answer.status == HTTPStatus.OK:
        uow.session.add(LedgerWitnessing(witness=witness, size=size, at=uow.now, cosignature=answer.text))
        return
    refusal = f"{answer.status.value} {answer.text.strip()}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        log.warning("witness_unavailable", witness=witness, answer=refusal)
        return
    log.error("witness_refused", witness=witness, size=size, answer=refusal)
    last = last_word(uow.session, witness)
    if last is None or last.refusal != refusal:
        uow.session.add(LedgerWitnessing(witness=witness, size=size, at=uow.now, refusal=refusal))
