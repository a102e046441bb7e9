"""Holding a draw in the open: parties commit, the frame is frozen, secrets are opened, a beacon completes the seed."""

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime
from hmac import compare_digest
from uuid import UUID, uuid4

from sqlalchemy import select

from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.numbering import take_number
from lims.uow import UnitOfWork
from sampling.models import DrawCeremony, DrawCommitment, RandomDraw
from sampling.rules.draw import MIN_PARTIES, SECRET_BYTES, Beacon, Party, commit
from sampling.rules.frame import FrameEntry, check_token, hash_frame, sort_entries
from sampling.services.draws import Ceremony, frame_of, run_draw
from sampling.services.plans import lock_plan
from sampling.types import PlanState

COMMITMENT = re.compile(r"[0-9a-f]{64}")


def open_ceremony(uow: UnitOfWork, plan_id: UUID, beacon_source: str, *, frame_key: str | None = None) -> DrawCeremony:
    """Begin to prepare the draw of an approved plan; the beacon is named before anybody can know its value.

    Args:
        uow: the transaction.
        plan_id: the plan.
        beacon_source: which public value will complete the seed.
        frame_key: 64 hexadecimal digits that salt the frame; random unless a simulation must be repeatable.

    Raises:
        NotFoundError: no such plan.
        ConflictError: the plan is not approved, or its draw is prepared or held already.
        InvalidInputError: no beacon is named.
    """
    plan = lock_plan(uow, plan_id)
    if plan.state is not PlanState.APPROVED:
        raise ConflictError(_l("This plan is not approved yet."))
    if uow.session.scalar(select(RandomDraw.id).where(RandomDraw.plan_id == plan_id).limit(1)) is not None:
        raise ConflictError(_l("The draw of this plan was made already."))
    if not beacon_source.strip():
        raise InvalidInputError(_l("Fill this in."), field="beacon_source")
    year = f"{local_date(uow.now):%Y}"
    ceremony = DrawCeremony(
        id=uuid4(),
        plan_id=plan_id,
        draw_name=f"D{year}-{take_number(uow, 'random_draw', year):03d}",
        beacon_source=beacon_source.strip(),
        frame_key=frame_key or secrets.token_hex(SECRET_BYTES),
        opened_at=uow.now,
        opened_by_id=uow.actor.require_person(),
    )
    uow.session.add(ceremony)
    uow.session.flush()
    return ceremony


def take_commitment(uow: UnitOfWork, plan_id: UUID, party: str, commitment: str) -> DrawCommitment:
    """Log what a party committed to.

    Raises:
        NotFoundError: no draw of this plan is prepared.
        ConflictError: the commitments are closed, or the party has committed.
        InvalidInputError: a name that cannot be hashed, or no SHA-256.
    """
    ceremony = _ceremony_of(uow, plan_id)
    if ceremony.closed_at is not None:
        raise ConflictError(_l("The commitments are closed."))
    name = check_token(party.strip(), "party")
    digest = commitment.strip().lower()
    if not COMMITMENT.fullmatch(digest):
        raise InvalidInputError(
            _l("A commitment is 64 digits 0-9 a-f, got %(count)s characters.", count=len(digest)), field="commitment"
        )
    made = DrawCommitment(ceremony_id=ceremony.id, party=name, commitment=digest, committed_at=uow.now)
    uow.session.add(made)
    uow.session.flush()
    return made


def close_commitments(uow: UnitOfWork, plan_id: UUID) -> DrawCeremony:
    """Freeze the frame and take no commitment any more; from now on nobody can choose who is drawn.

    Raises:
        NotFoundError: no draw of this plan is prepared.
        ConflictError: closed already, or too few parties.
    """
    ceremony = _ceremony_of(uow, plan_id)
    if ceremony.closed_at is not None:
        raise ConflictError(_l("The commitments are closed."))
    parties = len(_commitments(uow, ceremony))
    if parties < MIN_PARTIES:
        raise ConflictError(
            _l("%(count)s parties committed, expected at least %(least)s.", count=parties, least=MIN_PARTIES)
        )
    entries = sort_entries(frame_of(uow, lock_plan(uow, plan_id), uow.now), 1)
    ceremony.frame = [[entry.stratum, entry.business_id] for entry in entries]
    ceremony.frame_root = hash_frame(ceremony.frame_key, entries)
    ceremony.closed_at = uow.now
    return ceremony


def open_commitment(uow: UnitOfWork, plan_id: UUID, party: str, secret: str) -> DrawCommitment:
    """Take the secret of a party, which must be the one it committed to.

    Raises:
        NotFoundError: no draw of this plan is prepared, or no such party.
        ConflictError: the commitments are not closed yet.
        InvalidInputError: the secret does not open the commitment.
    """
    ceremony = _ceremony_of(uow, plan_id)
    if ceremony.closed_at is None:
        raise ConflictError(_l("Secrets are opened after the commitments have closed."))
    made = uow.session.get(DrawCommitment, (ceremony.id, party), with_for_update=True)
    if made is None:
        raise NotFoundError
    opened = secret.strip().lower()
    if not compare_digest(commit(ceremony.draw_name, opened), made.commitment):
        raise InvalidInputError(_l("What %(name)s revealed does not open its commitment.", name=party), field="secret")
    made.secret, made.opened_at = opened, uow.now
    return made


def hold_draw(
    uow: UnitOfWork, plan_id: UUID, beacon_value: str, fixed_at: datetime, days: Sequence[date]
) -> RandomDraw:
    """Draw from the frozen frame with the seed that secrets and beacon make together.

    Raises:
        NotFoundError: no draw of this plan is prepared.
        ConflictError: the commitments are not closed yet.
        DrawRefusedError: too few secrets were opened, or the beacon was known before the commitments closed.

    Emits: TaskIssued, for each task.
    """
    ceremony = _ceremony_of(uow, plan_id)
    if ceremony.closed_at is None or ceremony.frame is None:
        raise ConflictError(_l("Secrets are opened after the commitments have closed."))
    return run_draw(
        uow,
        plan_id,
        Ceremony(
            draw_id=ceremony.draw_name,
            frame_key=ceremony.frame_key,
            frozen_at=ceremony.closed_at,
            closes_at=ceremony.closed_at,
            parties=[
                Party(one.party, one.commitment, one.committed_at, one.secret) for one in _commitments(uow, ceremony)
            ],
            beacon=Beacon(ceremony.beacon_source, beacon_value.strip(), fixed_at),
            entries=[FrameEntry(stratum, business_id) for stratum, business_id in ceremony.frame],
        ),
        days,
    )


def _ceremony_of(uow: UnitOfWork, plan_id: UUID) -> DrawCeremony:
    lock_plan(uow, plan_id)
    ceremony = uow.session.scalar(select(DrawCeremony).where(DrawCeremony.plan_id == plan_id))
    if ceremony is None:
        raise NotFoundError(_l("No draw of this plan is being prepared."))
    return ceremony


def _commitments(uow: UnitOfWork, ceremony: DrawCeremony) -> Sequence[DrawCommitment]:
    return uow.session.scalars(
        select(DrawCommitment).where(DrawCommitment.ceremony_id == ceremony.id).order_by(DrawCommitment.party)
    ).all()
