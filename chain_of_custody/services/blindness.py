"""Blind codes: given, given anew, and opened in an emergency by two persons (product.md §5)."""

import secrets
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import select

from chain_of_custody.events import PortionRelabelled, SampleRecoded, SampleUnblinded
from chain_of_custody.models import BlindCode, CustodyEntry, Portion, Reception, Seal, Unblinding
from chain_of_custody.queries import resolve_blind_code
from chain_of_custody.rules import ALPHABET, BODY_LENGTH, check_character, normalise_scan, offices_of
from chain_of_custody.services.reception import get_sample_here
from chain_of_custody.types import Blindness, CustodyKind, PortionKind, ReceptionChecks, UnblindingOutcome
from lims.decisions import decide, read_reason
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.models import Sample
from sampling.rules.states import STATE_NAMES, WrongStateError
from sampling.services.samples import move_sample
from sampling.services.separation import claim_act, claim_acts, get_sample_for_act, sample_tuple
from sampling.types import DutyRole, SampleEvent, SampleState

ON_THE_BENCH = frozenset({SampleState.RECODED, SampleState.TESTING})  # blind: nobody has locked its results yet


def recode(uow: UnitOfWork, sample_id: UUID, blindness: Blindness) -> BlindCode:
    """Give the test portion its blind code: random, so that nothing can be derived from it.

    The recoder stands on the sampling side of this sample from now on. Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory.
        NotHereError: a portion has not arrived.
        WrongStateError: not accepted, or recoded already.
        SeparationRefusedError: the recoder stands on the testing side.

    Emits: SampleRecoded.
    """
    sample, portions = get_sample_here(uow, sample_id)
    move_sample(uow, sample, SampleEvent.RECODED)
    claim_act(uow, sample_tuple(sample), DutyRole.RECODER)
    portion = next(one for one in portions if one.kind is PortionKind.TEST)
    blind = _issue(uow, portion.id, sample_id, blindness, seq=1, reason=None)
    uow.emit(SampleRecoded(sample_id=sample_id, portion_id=portion.id))
    return blind


def code_check_sample(
    uow: UnitOfWork, sample: Sample, quantity: tuple[Decimal, str], seal_no: str, blindness: Blindness
) -> BlindCode:
    """Seal and code the one portion of a sample that checks the laboratory.

    It never left the laboratory, so whoever prepared it holds it, and its reception says that nothing is amiss.

    Args:
        uow: the transaction of who prepared it; the act is claimed.
        sample: fresh from `sampling.services.check_samples`.
        quantity: the amount and its unit.
        seal_no: the number on the container.
        blindness: how blind the container is.

    Raises:
        InvalidInputError: no seal, or nothing in the container.
        ConflictError: the seal is on another portion.
    """
    amount, unit = quantity
    if not amount.is_finite() or amount <= 0:
        raise InvalidInputError(_l("The amount is %(given)s, expected more than 0.", given=amount), field="quantity")
    seal = normalise_scan(seal_no)
    if not seal:
        raise InvalidInputError(_l("Fill in the number of the seal."), field="seal_no")
    person_id = uow.actor.require_person()
    portion = Portion(
        id=uuid4(),
        sample_id=sample.id,
        portion_no=f"{sample.sampling_no}-1",
        kind=PortionKind.TEST,
        quantity=amount,
        quantity_unit=unit,
        created_at=uow.now,
    )
    uow.session.add(portion)
    uow.session.flush()
    uow.session.add_all(
        [
            Seal(
                portion_id=portion.id,
                sample_id=sample.id,
                seal_no=seal,
                sealed_by_id=person_id,
                sealed_at=uow.now,
            ),
            CustodyEntry(
                portion_id=portion.id,
                seq=1,
                sample_id=sample.id,
                kind=CustodyKind.SEALED,
                holder_id=person_id,
                organisation_id=sample.lab_id,
                at=uow.now,
            ),
            Reception(
                sample_id=sample.id,
                lab_id=sample.lab_id,
                checked_by_id=person_id,
                checked_at=uow.now,
                accepted=True,
                **dict.fromkeys(ReceptionChecks.__slots__, True),
            ),
        ]
    )
    uow.session.flush()
    return _issue(uow, portion.id, sample.id, blindness, seq=1, reason=None)


def relabel(uow: UnitOfWork, sample_id: UUID, blindness: Blindness, reason: str) -> BlindCode:
    """Give a test portion another blind code, because somebody at the bench came to know whose it is.

    To the bench the old code is an unknown code from now on; what an instrument sends under it still finds its sample.
    Locks the sample.

    Raises:
        NotFoundError: no such sample of this laboratory.
        NotHereError: a portion is no longer here.
        WrongStateError: it has no blind code yet, or its results are locked.
        InvalidInputError: no reason.
        SeparationRefusedError: the actor stands on the testing side.

    Emits: PortionRelabelled.
    """
    sample, _portions = get_sample_here(uow, sample_id)
    _check_blind(sample)
    why = read_reason(reason)
    claim_act(uow, sample_tuple(sample), DutyRole.RECODER)
    current = uow.session.scalars(
        select(BlindCode).where(BlindCode.sample_id == sample_id, BlindCode.retired_at.is_(None))
    ).one()
    current.retired_at = uow.now
    uow.session.flush()
    blind = _issue(uow, current.portion_id, sample_id, blindness, seq=current.seq + 1, reason=why)
    uow.session.flush()
    uow.emit(PortionRelabelled(sample_id=sample_id, portion_id=current.portion_id))
    return blind


def request_unblinding(uow: UnitOfWork, code: str, reason: str) -> Unblinding:
    """Ask to know whose sample a blind code is; nothing is told before the other office has opened it.

    Locks the sample.

    Args:
        uow: the transaction of the laboratory's head or its quality manager.
        code: the blind code, as scanned or typed.
        reason: the emergency.

    Raises:
        ForbiddenError: the actor holds neither office.
        InvalidInputError: an unknown code or one of another laboratory, or no reason.
        WrongStateError: the results are locked, so the names stand on the report.
        ConflictError: it was asked for already and waits, or it is open.
    """
    office = next(iter(offices_of(uow.actor.roles)), None)
    if office is None:
        raise ForbiddenError
    blind = resolve_blind_code(uow.session, code)
    if blind is None or blind.lab_id != uow.actor.require_organisation():
        raise InvalidInputError(_l("Unknown code %(code)s.", code=code.strip()[:40]), field="code")
    why = read_reason(reason)
    sample = get_sample_for_act(uow, blind.sample_id)
    _check_blind(sample)
    opened = select(Unblinding.id).where(
        Unblinding.sample_id == sample.id, Unblinding.outcome == UnblindingOutcome.OPENED
    )
    if uow.session.scalar(opened) is not None:
        raise ConflictError(_l("The sample of %(code)s is unblinded already.", code=blind.code), field="code")
    asked = Unblinding(
        id=uuid4(),
        sample_id=sample.id,
        code=blind.code,
        lab_id=blind.lab_id,
        reason=why,
        requested_by_id=uow.actor.require_person(),
        requested_as=office,
        requested_at=uow.now,
    )
    uow.session.add(asked)
    uow.session.flush()
    return asked


def decide_unblinding(uow: UnitOfWork, unblinding_id: UUID, note: str | None, *, opens: bool) -> Unblinding:
    """Open a sample as the second of the two offices, or decline it with a sentence.

    Opening puts both persons on the sampling side of this sample, so neither can test it, review or sign. Locks the
    sample.

    Raises:
        NotFoundError: none that waits in this laboratory.
        ConflictError: the actor asked for it themselves, or it is decided.
        ForbiddenError: the actor holds the office that asked, not the other one.
        InvalidInputError: declined without a reason.
        WrongStateError: the results were locked in the meantime.
        SeparationRefusedError: one of the two stands on the testing side of this sample.

    Emits: SampleUnblinded, when it is opened.
    """
    asked = uow.session.get(Unblinding, unblinding_id)
    if asked is None or asked.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    sample = get_sample_for_act(uow, asked.sample_id)
    uow.session.refresh(asked)
    decision = decide(uow, asked, UnblindingOutcome.OPENED if opens else UnblindingOutcome.DECLINED, note)
    office = next((one for one in offices_of(uow.actor.roles) if one is not asked.requested_as), None)
    if office is None:
        raise ForbiddenError(_l("The head of the laboratory and the quality manager decide together, one of each."))
    if opens:
        _check_blind(sample)
        people = [(DutyRole.UNBLINDER, one) for one in sorted((asked.requested_by_id, decision.by_id))]
        claim_acts(uow, sample_tuple(sample), people)
    asked.close(decision)
    asked.decided_as, asked.opened_role = office, DutyRole.UNBLINDER if opens else None
    if opens:
        uow.emit(
            SampleUnblinded(
                sample_id=sample.id,
                unblinding_id=asked.id,
                requested_by_id=asked.requested_by_id,
                opened_by_id=decision.by_id,
            )
        )
    return asked


def _check_blind(sample: Sample) -> None:
    if sample.state not in ON_THE_BENCH:
        raise WrongStateError(
            _l(
                "This sample is in the state “%(state)s”, which does not allow this step.",
                state=STATE_NAMES[sample.state],
            )
        )


def _issue(
    uow: UnitOfWork, portion_id: UUID, sample_id: UUID, blindness: Blindness, *, seq: int, reason: str | None
) -> BlindCode:
    body = "".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH))
    blind = BlindCode(
        portion_id=portion_id,
        seq=seq,
        sample_id=sample_id,
        portion_kind=PortionKind.TEST,
        code=body + check_character(body),
        blindness=blindness,
        reason=reason,
        coded_by_id=uow.actor.require_person(),
        coded_at=uow.now,
    )
    uow.session.add(blind)
    return blind
