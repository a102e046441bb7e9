"""Who does a recheck: drawn by lot among those who may, declined with a reason, and the interests that keep one out."""

import secrets
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import func, select

from chain_of_custody.services import release_backup, withdraw_release
from lims.catalog.queries import deadline
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from results.recheck.events import RecheckAssigned, RecheckDeclined
from results.recheck.models import InterestLink, Recheck, RecheckDecline
from results.recheck.queries import listed_lab_ids, receipt_of, who_may_be_drawn
from results.recheck.rules import draw_lab
from results.recheck.services.common import NoLaboratoryError, lock_in_lab, lock_recheck
from results.recheck.types import RecheckState
from sampling.services.separation import get_sample_for_act

SEED_BYTES = 32
MAX_NAME = 200


def draw_laboratory(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    """Draw the laboratory by lot and release the backup portion to it; the record lets anybody draw again.

    Raises:
        NotFoundError: no such recheck here.
        NoLaboratoryError: nobody of the list may do it.
        ConflictError: not accepted, or drawn before.
    Emits: RecheckAssigned.

    **Source:** Food Safety Law Art. 88 (drawn at random, not the first laboratory).
    """
    recheck = lock_recheck(uow, recheck_id, RecheckState.ACCEPTED)
    sample = get_sample_for_act(uow, recheck.sample_id)
    answers = who_may_be_drawn(uow.session, recheck, local_date(uow.now))
    candidates = [one.lab_id for one in answers if one.exclusion is None]
    if not candidates:
        raise NoLaboratoryError(_l("No laboratory on the list may do this recheck."))
    seed = secrets.token_hex(SEED_BYTES)
    lab_id, tickets = draw_lab(seed, candidates)
    handover_due_at = deadline(uow.session, "backup_handover", uow.now).due_at
    recheck.state, recheck.lab_id, recheck.assigned_at = RecheckState.ASSIGNED, lab_id, uow.now
    recheck.draw = {
        "seed": seed,
        "tickets": tickets,
        "drawn": str(lab_id),
        "excluded": {
            str(one.lab_id): {"reason": one.exclusion.value, "fact": one.fact} for one in answers if one.exclusion
        },
    }
    recheck.handover_due_at = handover_due_at
    recheck.report_due_at = None  # it runs from the reception of the portion
    release_backup(uow, sample.id, lab_id, recheck.recheck_no)
    uow.emit(RecheckAssigned(sample_id=sample.id, recheck_id=recheck_id, lab_id=lab_id))
    return recheck


def decline_recheck(uow: UnitOfWork, recheck_id: UUID, reason: str) -> RecheckDecline:
    """Decline a recheck one was drawn for, before its portion came; the next lot is drawn among the rest.

    The old lot stays on record; the regulator judges whether there was a cause.

    Raises:
        NotFoundError: no such recheck of this laboratory.
        InvalidInputError: no reason.
        ConflictError: the portion is here or on its way, or the recheck is over.
    Emits: RecheckDeclined.

    **Source:** Measures Art. 32(3) (in writing, with its reason).
    """
    why = read_reason(reason, field="reason")
    recheck = lock_in_lab(uow, recheck_id)
    if receipt_of(uow.session, recheck_id) is not None:
        raise ConflictError(_l("The portion of this recheck was received already."))
    assert recheck.lab_id is not None  # noqa: S101 - `lab_is_drawn` holds it
    assert recheck.draw is not None  # noqa: S101
    assert recheck.assigned_at is not None  # noqa: S101
    before = select(func.count()).where(RecheckDecline.recheck_id == recheck_id)
    declined = RecheckDecline(
        recheck_id=recheck_id,
        number=(uow.session.scalar(before) or 0) + 1,
        sample_id=recheck.sample_id,
        lab_id=recheck.lab_id,
        draw=recheck.draw,
        assigned_at=recheck.assigned_at,
        due_at=deadline(uow.session, "recheck_decline", recheck.assigned_at).due_at,
        reason=why,
        declined_by_id=uow.actor.require_person(),
        declined_at=uow.now,
    )
    uow.session.add(declined)
    withdraw_release(uow, recheck.sample_id, f"{recheck.recheck_no}: {why}")
    assign_due_at = deadline(uow.session, "recheck_assign", uow.now).due_at
    recheck.state, recheck.assign_due_at = RecheckState.ACCEPTED, assign_due_at
    recheck.lab_id = recheck.draw = recheck.assigned_at = recheck.handover_due_at = None
    uow.emit(RecheckDeclined(sample_id=recheck.sample_id, recheck_id=recheck_id, lab_id=declined.lab_id))
    return declined


def judge_decline(uow: UnitOfWork, recheck_id: UUID, number: int, *, had_cause: bool, judgement: str) -> RecheckDecline:
    """Say whether a laboratory had a cause to decline; without one it counts against its place on the list.

    Raises:
        NotFoundError: no such refusal of a recheck here.
        InvalidInputError: nothing written.
        ConflictError: judged before.

    **Source:** 食品安全法实施条例 Art. 79.
    """
    why = read_reason(judgement, field="judgement")
    lock_recheck(uow, recheck_id, *RecheckState)
    declined = uow.session.get(RecheckDecline, (recheck_id, number))
    if declined is None:
        raise NotFoundError
    if declined.judged_at is not None:
        raise ConflictError(_l("This was judged before."))
    declined.had_cause, declined.judgement = had_cause, why
    declined.judged_by_id, declined.judged_at = uow.actor.require_person(), uow.now
    uow.session.flush()
    return declined


def record_link(
    uow: UnitOfWork,
    lab_id: UUID,
    *,
    party_name: str,
    party_uscc: str | None,
    since: date,
    until: date | None,
    reason: str,
) -> InterestLink:
    """Record that a laboratory of the list and a business are not free of each other.

    Raises:
        InvalidInputError: no laboratory of the list, no name, no reason, or an end before the beginning.
    """
    if lab_id not in listed_lab_ids(uow.session, local_date(uow.now)):
        raise InvalidInputError(_l("Choose a laboratory of the list."), field="lab_id")
    if not party_name.strip() or len(party_name) > MAX_NAME:
        raise InvalidInputError(_l("Fill this in."), field="party_name")
    why = read_reason(reason, field="reason")
    if until is not None and until < since:
        raise InvalidInputError(
            _l("%(until)s lies before %(since)s.", until=until.isoformat(), since=since.isoformat()), field="until"
        )
    link = InterestLink(
        id=uuid4(),
        lab_id=get_organisation(uow.session, lab_id).id,
        party_name=party_name.strip(),
        party_uscc=(party_uscc or "").strip().upper() or None,
        valid_from=since,
        valid_to=until,
        reason=why,
        recorded_by_id=uow.actor.require_person(),
        recorded_at=uow.now,
        ended_by_id=None,
    )
    uow.session.add(link)
    uow.session.flush()
    return link


def end_link(uow: UnitOfWork, link_id: UUID) -> InterestLink:
    """Let a recorded interest end today; it goes on counting for what was drawn before.

    Raises:
        NotFoundError: there is none.
        ConflictError: it has ended, or begins only later.
    """
    link = uow.session.get(InterestLink, link_id, with_for_update=True)
    if link is None:
        raise NotFoundError
    today = local_date(uow.now)
    if link.valid_from > today or (link.valid_to is not None and link.valid_to <= today):
        raise ConflictError(_l("This link has ended, or has not begun."))
    link.valid_to, link.ended_by_id = today, uow.actor.require_person()
    uow.session.flush()
    return link
