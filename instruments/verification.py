"""`lims verify readings`: I9 over the whole database."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chain_of_custody.models import BlindCode, Reception
from instruments.models import Instrument, RawFrame, StoredReading
from instruments.types import ReadingState
from lims.verification import Finding


def check_readings(session: Session) -> Finding:
    """I9: every reading is matched to a blind code of its own laboratory, quarantined or rejected with a reason."""
    total = session.scalar(select(func.count()).select_from(StoredReading)) or 0
    finding = Finding("I9 every reading is matched, quarantined or rejected with a reason", checked=total)
    astray = (
        select(StoredReading.id)
        .join(Instrument, Instrument.id == StoredReading.instrument_id)
        .outerjoin(BlindCode, BlindCode.code == StoredReading.blind_code)
        .outerjoin(Reception, Reception.sample_id == BlindCode.sample_id)
        .where(
            or_(
                (StoredReading.state == ReadingState.MATCHED)
                & (Reception.lab_id.is_(None) | (Reception.lab_id != Instrument.organisation_id)),
                (StoredReading.state == ReadingState.QUARANTINED) & StoredReading.quarantine_reason.is_(None),
                (StoredReading.state == ReadingState.REJECTED) & StoredReading.decision.is_(None),
            )
        )
        .order_by(StoredReading.id)
    )
    for key in session.scalars(astray):
        finding.violate("reading", str(key), "state")
    return finding


def check_frames(session: Session) -> Finding:
    """I9: the bytes that readings came from are the bytes that were hashed."""
    total = session.scalar(select(func.count()).select_from(RawFrame)) or 0
    finding = Finding("I9 the bytes of every reading are kept", checked=total)
    changed = select(RawFrame.sha256).where(func.sha256(RawFrame.content) != RawFrame.sha256).order_by(RawFrame.sha256)
    for digest in session.scalars(changed):
        finding.violate("raw_frame", digest.hex(), "content")
    return finding


CHECKS = (check_readings, check_frames)
