"""Serving result notices: each addressee with way, day and proof; the recheck period runs from here."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import func, select

from lims import files
from lims.catalog.queries import deadline
from lims.clock import LOCAL_ZONE, local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.referral.events import NoticeServed
from results.referral.models import ReferralBranch, ResultNotice, Service
from results.referral.queries import get_notice
from results.referral.services.cases import note_act
from results.referral.types import MAY_APPLY_FOR_RECHECK, CaseAct, ServiceProof, ServiceWay
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState

NOON = time(12)  # any hour of the day of service: its limit is counted in days
MAX_BATCH = 200  # notices of passes served together


def serve_notice(uow: UnitOfWork, notice_id: UUID, proof: ServiceProof) -> Service:
    """Note that a notice reached its addressee. With the last one the sample is served.

    Locks the sample.

    Raises:
        NotFoundError: no such notice that this organisation serves.
        ConflictError: it was served before.
        InvalidInputError: no receiver, no proof, or a day before the notice or after today.
    Emits: NoticeServed; SampleMoved with the last notice.
    """
    return _serve(uow, get_notice(uow.session, uow.actor, notice_id), proof)


def _serve(uow: UnitOfWork, notice: ResultNotice, proof: ServiceProof) -> Service:
    sample = get_sample_for_act(uow, notice.sample_id)
    _check_server(uow, notice)
    if uow.session.get(Service, notice.id) is not None:
        raise ConflictError(_l("This notice was served already."))
    _check_proof(proof, local_date(notice.issued_at), local_date(uow.now))
    until = None
    if not notice.passed and notice.addressee in MAY_APPLY_FOR_RECHECK:
        until = deadline(uow.session, "recheck_apply", datetime.combine(proof.served_on, NOON, LOCAL_ZONE)).on
    service = Service(
        notice_id=notice.id,
        sample_id=notice.sample_id,
        way=proof.way,
        served_on=proof.served_on,
        receiver=proof.receiver.strip(),
        proof_text=proof.text.strip(),
        proof_sha256=files.store_file(uow, proof.file, allowed=files.PAPERS) if proof.file else None,
        objects=proof.objects,
        recheck_until=until,
        recorded_by_id=uow.actor.require_person(),
        recorded_at=uow.now,
    )
    uow.session.add(service)
    uow.session.flush()
    if notice.branch_id is not None:
        branch = uow.session.get_one(ReferralBranch, notice.branch_id)
        note_act(uow, branch.referral_id, CaseAct.NOTICE_SERVED, notice.name[:200], branch.id)
    uow.emit(NoticeServed(sample_id=notice.sample_id, notice_id=notice.id))
    if sample.state is SampleState.SIGNED and not _unserved(uow, sample.id):
        move_sample(uow, sample, SampleEvent.NOTICE_SERVED)
    return service


def serve_passes(uow: UnitOfWork, notice_ids: Sequence[UUID], way: ServiceWay, proof_text: str) -> int:
    """Note that the notices of samples that passed were sent out together, today; returns how many.

    Raises:
        NotFoundError: one of them is not served by this organisation.
        InvalidInputError: none chosen, too many, or one of a sample that failed: those are served one by one.
        ConflictError: one was served before.
    Emits: NoticeServed and SampleMoved for each.
    """
    if not 1 <= len(notice_ids) <= MAX_BATCH:
        raise InvalidInputError(_l("Choose 1 to %(most)s notices.", most=MAX_BATCH), field="notices")
    for notice_id in sorted(set(notice_ids)):
        notice = get_notice(uow.session, uow.actor, notice_id)
        if not notice.passed:
            raise InvalidInputError(_l("The notice of a failure is served by itself, with its proof."), field="notices")
        _serve(uow, notice, ServiceProof(way, local_date(uow.now), notice.name, proof_text))
    return len(set(notice_ids))


def _check_server(uow: UnitOfWork, notice: ResultNotice) -> None:
    """Who serves a notice: the organisation it names, or the station that has its branch in hand."""
    station = None
    if notice.branch_id is not None:
        station = uow.session.scalar(select(ReferralBranch.station_id).where(ReferralBranch.id == notice.branch_id))
    if uow.actor.organisation_id not in {notice.organisation_id, station}:
        raise NotFoundError


def _check_proof(proof: ServiceProof, earliest: date, today: date) -> None:
    if not proof.receiver.strip():
        raise InvalidInputError(_l("Say who received the notice."), field="receiver")
    if not proof.text.strip() and not proof.file:
        raise InvalidInputError(_l("Give the proof of service: a number or a file."), field="proof_text")
    if not earliest <= proof.served_on <= today:
        raise InvalidInputError(
            _l(
                "The day is %(day)s, expected %(earliest)s to %(today)s.",
                day=proof.served_on.isoformat(),
                earliest=earliest.isoformat(),
                today=today.isoformat(),
            ),
            field="served_on",
        )


def _unserved(uow: UnitOfWork, sample_id: UUID) -> int:
    return (
        uow.session.scalar(
            select(func.count())
            .select_from(ResultNotice)
            .outerjoin(Service, Service.notice_id == ResultNotice.id)
            .where(ResultNotice.sample_id == sample_id, Service.notice_id.is_(None))
        )
        or 0
    )
