"""What people and readers do with readings: deliver them, load a run, assign and reject what nothing matched."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chain_of_custody.queries import blind_codes_of_lab
from chain_of_custody.rules import is_blind_code, normalise_scan
from instruments.events import ReadingDecided, ReadingsTaken
from instruments.models import Instrument, InstrumentRun, RawFrame, RunSlot, StoredReading
from instruments.queries import get_instrument, open_run, runs_over, slots_of
from instruments.rules import match_reading
from instruments.types import Delivered, MatchedBy, ReadingState
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

MAX_SLOTS = 400  # a plate of 384 wells, and some


def take_readings(uow: UnitOfWork, instrument_name: str, delivered: Sequence[Delivered]) -> Sequence[StoredReading]:
    """Store what a reader delivers; a reading that is known already changes nothing.

    The instrument is known from its first reading on. Each reading is matched at once or quarantined with the reason.

    Args:
        uow: the transaction of the reader's account, in its laboratory.
        instrument_name: as the reader's configuration says.
        delivered: readings of that instrument, in order.

    Returns:
        Those that were new.

    Raises:
        ConflictError: the same readings are being delivered by somebody else at this moment.

    Emits: ReadingsTaken, when any was new.
    """
    instrument = _instrument(uow, instrument_name, delivered[-1].driver)
    fresh = {one.key: one for one in delivered}
    known = uow.session.scalars(
        select(StoredReading.key).where(StoredReading.instrument_id == instrument.id, StoredReading.key.in_(fresh))
    )
    for key in known:
        del fresh[key]
    if not fresh:
        return []
    _keep_frames(uow, [one.raw for one in fresh.values()])
    stored = _matched(uow, instrument, list(fresh.values()))
    uow.session.add_all(stored)
    waiting = sum(one.state is ReadingState.QUARANTINED for one in stored)
    uow.emit(ReadingsTaken(instrument_id=instrument.id, taken=len(stored), quarantined=waiting))
    return stored


def open_instrument_run(uow: UnitOfWork, instrument_id: UUID, slots: Mapping[str, str]) -> InstrumentRun:
    """Say which sample stands in which slot; readings of that instrument are matched by it until the run ends.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        InvalidInputError: no slot, too many, or a code that this laboratory did not give.
        ConflictError: a run is open.
    """
    organisation_id = uow.actor.require_organisation()
    instrument = get_instrument(uow.session, organisation_id, instrument_id)
    wanted = {slot.strip(): normalise_scan(code) for slot, code in slots.items() if slot.strip()}
    if not 1 <= len(wanted) <= MAX_SLOTS:
        raise InvalidInputError(_l("Say what stands in 1 to %(most)s slots.", most=MAX_SLOTS), field="slots")
    known = blind_codes_of_lab(uow.session, organisation_id, wanted.values())
    unknown = sorted(set(wanted.values()) - known)
    if unknown:
        raise InvalidInputError(_l("Unknown code: %(code)s", code=unknown[0]), field="slots")
    if open_run(uow.session, instrument_id) is not None:
        raise ConflictError(_l("A run of this instrument is open already. End it first."))
    run = InstrumentRun(
        id=uuid4(), instrument_id=instrument.id, opened_at=uow.now, opened_by_id=uow.actor.require_person()
    )
    uow.session.add(run)
    uow.session.flush()
    uow.session.add_all(
        RunSlot(run_id=run.id, instrument_id=instrument.id, slot=slot, blind_code=code) for slot, code in wanted.items()
    )
    uow.session.flush()
    return run


def end_instrument_run(uow: UnitOfWork, instrument_id: UUID) -> InstrumentRun:
    """End the open run of an instrument.

    Raises:
        NotFoundError: no such instrument of this laboratory.
        ConflictError: no run is open.
    """
    get_instrument(uow.session, uow.actor.require_organisation(), instrument_id)
    run = open_run(uow.session, instrument_id)
    if run is None:
        raise ConflictError(_l("No run of this instrument is open."))
    run.ended_at = uow.now
    return run


def assign_reading(uow: UnitOfWork, reading_id: UUID, code: str, reason: str) -> StoredReading:
    """Tie a quarantined reading to a sample, by its blind code and with a reason.

    Raises:
        NotFoundError: no such reading of this laboratory.
        InvalidInputError: a code that this laboratory did not give, or no reason.
        ConflictError: it is not in quarantine.

    Emits: ReadingDecided.
    """
    reading = _lock(uow, reading_id)
    if reading.state is not ReadingState.QUARANTINED:
        raise ConflictError(_l("Somebody decided about this reading already."))
    wanted = normalise_scan(code)
    if wanted not in blind_codes_of_lab(uow.session, uow.actor.require_organisation(), [wanted]):
        raise InvalidInputError(_l("Unknown code: %(code)s", code=wanted), field="blind_code")
    reading.state, reading.matched_by, reading.blind_code = ReadingState.MATCHED, MatchedBy.PERSON, wanted
    _decide(uow, reading, reason)
    return reading


def reject_reading(uow: UnitOfWork, reading_id: UUID, reason: str) -> StoredReading:
    """Say that a reading belongs to no sample, or must not be used; it stays, with the reason.

    Raises:
        NotFoundError: no such reading of this laboratory.
        InvalidInputError: no reason.
        ConflictError: it was rejected already.

    Emits: ReadingDecided.
    """
    reading = _lock(uow, reading_id)
    if reading.state is ReadingState.REJECTED:
        raise ConflictError(_l("Somebody decided about this reading already."))
    reading.state, reading.matched_by, reading.blind_code, reading.run_id = ReadingState.REJECTED, None, None, None
    _decide(uow, reading, reason)
    return reading


def _instrument(uow: UnitOfWork, name: str, driver: str) -> Instrument:
    organisation_id = uow.actor.require_organisation()
    found = uow.session.scalar(
        select(Instrument).where(Instrument.organisation_id == organisation_id, Instrument.name == name)
    )
    if found is None:
        found = Instrument(id=uuid4(), organisation_id=organisation_id, name=name, driver=driver, first_seen_at=uow.now)
        uow.session.add(found)
        uow.session.flush()
    found.driver = driver
    return found


def _keep_frames(uow: UnitOfWork, frames: Sequence[bytes]) -> None:
    by_hash = {sha256(frame).digest(): frame for frame in frames}
    rows = [{"sha256": digest, "content": by_hash[digest]} for digest in sorted(by_hash)]
    uow.session.execute(insert(RawFrame).on_conflict_do_nothing(), rows)


def _matched(uow: UnitOfWork, instrument: Instrument, delivered: Sequence[Delivered]) -> list[StoredReading]:
    barcodes = {one.key: normalise_scan(one.sample_text) for one in delivered}
    codes = blind_codes_of_lab(uow.session, instrument.organisation_id, barcodes.values())
    instants = [one.captured_at for one in delivered]
    runs = runs_over(uow.session, instrument.id, min(instants), max(instants))
    slots = {run.id: slots_of(uow.session, run.id) for run in runs}
    stored = []
    for one in delivered:
        run = next((run for run in runs if _was_open(run, one)), None)
        match = match_reading(
            barcodes[one.key],
            one.slot.strip(),
            is_quality_control=one.quality_control,
            looks_like_code=is_blind_code,
            codes=codes,
            slots=slots[run.id] if run else {},
        )
        stored.append(
            StoredReading(
                id=uuid4(),
                instrument_id=instrument.id,
                raw_sha256=sha256(one.raw).digest(),
                received_at=uow.now,
                delivered_by_id=uow.actor.require_person(),
                state=ReadingState.MATCHED if match.matched_by else ReadingState.QUARANTINED,
                matched_by=match.matched_by,
                blind_code=match.blind_code,
                run_id=run.id if run and match.matched_by is MatchedBy.RUN_SLOT else None,
                quarantine_reason=match.reason,
                **{name: getattr(one, name) for name in Delivered.__slots__ if name != "raw"},
            )
        )
    return stored


def _was_open(run: InstrumentRun, delivered: Delivered) -> bool:
    return run.opened_at <= delivered.captured_at and (run.ended_at is None or delivered.captured_at <= run.ended_at)


def _lock(uow: UnitOfWork, reading_id: UUID) -> StoredReading:
    reading = uow.session.get(StoredReading, reading_id, with_for_update=True)
    if reading is None:
        raise NotFoundError
    get_instrument(uow.session, uow.actor.require_organisation(), reading.instrument_id)
    return reading


def _decide(uow: UnitOfWork, reading: StoredReading, reason: str) -> None:
    if not reason.strip():
        raise InvalidInputError(_l("Say why."), field="reason")
    reading.decision, reading.decided_at = reason.strip(), uow.now
    reading.decided_by_id = uow.actor.require_person()
    uow.emit(
        ReadingDecided(
            instrument_id=reading.instrument_id,
            reading_id=reading.id,
            is_rejected=reading.state is ReadingState.REJECTED,
        )
    )
