"""Taking in readings, and deciding about those that nothing matched."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal, select, text
from sqlalchemy.orm import Session

from chain_of_custody.queries import blind_codes_of_lab
from chain_of_custody.rules import is_blind_code, normalise_scan
from instruments.drivers.registry import get_driver
from instruments.events import ReadingDecided, ReadingsTaken
from instruments.intake import delivered_of
from instruments.models import Instrument, InstrumentRun, RawFrame, StoredReading
from instruments.queries import asked_of, find_connection, get_instrument, record_of, runs_over, slots_of
from instruments.rules import Match, disagreement, match_reading, measured_instant, says_the_same, what_holds
from instruments.types import Delivered, MatchedBy, QuarantineReason, ReadingState
from lims.catalog.queries import find_items
from lims.copying import copy_in
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import plain
from lims.uow import UnitOfWork

FILE_DRIVER = "file"  # of an instrument that is known by its files only; `file:<profile>` of its readings
AT_ONCE = 500  # readings that are looked at again in one transaction
NOT_READ = frozenset({QuarantineReason.UNDECODABLE, QuarantineReason.INCOMPLETE})
_KEEP_FRAMES = text(
    "INSERT INTO raw_frame (sha256, content) SELECT sha256(content), content FROM"
    " (SELECT CAST(frame AS bytea) AS content FROM string_to_table(:frames, ',') AS given (frame)) AS decoded"
    " ORDER BY 1 ON CONFLICT DO NOTHING"
)
_COPIED = tuple(name for name in Delivered.__slots__ if name not in {"raw", "problem"})
_copied_of = attrgetter(*_COPIED)


@dataclass(frozen=True, slots=True)
class Triaged:
    """What becomes of one delivered reading.

    Attributes:
        id: it has once it is stored.
        is_known: it was delivered before, so nothing becomes of it.
        match: its sample, or why it waits.
        run_id: of the run whose slot tied it to its sample.
        conflicts_with_id: the reading that says something else of the same measurement.
    """

    id: UUID
    delivered: Delivered
    is_known: bool
    match: Match
    run_id: UUID | None = None
    conflicts_with_id: UUID | None = None

    @property
    def state(self) -> ReadingState:
        return ReadingState.MATCHED if self.match.matched_by else ReadingState.QUARANTINED

    @property
    def blind_code(self) -> str | None:
        return self.match.blind_code

    @property
    def quarantine_reason(self) -> QuarantineReason | None:
        return self.match.reason


@dataclass(frozen=True, slots=True)
class Taken:
    """What a delivery came to."""

    instrument_id: UUID
    new: tuple[Triaged, ...]


def take_readings(
    uow: UnitOfWork, instrument_name: str, delivered: Sequence[Delivered], *, file_id: UUID | None = None
) -> Taken:
    """Store what a reader delivers; a reading that is known already changes nothing.

    The instrument is known from its first reading on. Each reading is matched at once or quarantined with the reason.

    Args:
        uow: the transaction of the reader's account, in its laboratory.
        instrument_name: as the reader's configuration says.
        delivered: readings of that instrument, in order.
        file_id: of the file they stand in.

    Returns:
        Those that were new.

    Raises:
        ConflictError: the same readings are being delivered by somebody else at this moment.

    Emits: ReadingsTaken, when any was new.
    """
    instrument = known_instrument(uow, instrument_name, delivered[-1].driver)
    return store_triaged(uow, instrument, triage(uow.session, instrument, delivered), file_id=file_id)


def store_triaged(
    uow: UnitOfWork, instrument: Instrument, triaged: Sequence[Triaged], *, file_id: UUID | None = None
) -> Taken:
    """Store readings of which it was decided in this very transaction what becomes of them.

    Emits: ReadingsTaken, when any was new.
    """
    new = tuple(one for one in triaged if not one.is_known)
    if triaged:
        _keep_frames(uow, [one.delivered.raw for one in triaged])
    if new:
        _store(uow, instrument, new, file_id)
        waiting = sum(one.state is ReadingState.QUARANTINED for one in new)
        uow.emit(ReadingsTaken(instrument_id=instrument.id, taken=len(new), quarantined=waiting))
    return Taken(instrument.id, new)


def triage(session: Session, instrument: Instrument, delivered: Sequence[Delivered]) -> list[Triaged]:
    """What would become of each reading, in order; nothing is changed."""
    seen = set(_known_keys(session, instrument, delivered))
    by_identity = _known_identities(session, instrument, delivered)
    match = _Matching(session, instrument, delivered)
    triaged = []
    # Rows of a file and of a memory dump share their instants: the ids keep the order in which they were delivered.
    ids = sorted(uuid4() for _one in delivered)
    for new_id, one in zip(ids, delivered, strict=True):
        rivals = by_identity[one.identity] if one.identity else []
        is_known = one.key in seen or any(says_the_same(rival, one) for _id, rival in rivals)
        tied, run_id = match.of(one)
        decided = Triaged(new_id, one, is_known, tied, run_id)
        if rivals and not is_known:
            held = Match(None, None, QuarantineReason.CONFLICT)
            decided = Triaged(decided.id, one, is_known=False, match=held, conflicts_with_id=rivals[0][0])
        if not is_known:
            seen.add(one.key)
            rivals.append((decided.id, one))
        triaged.append(decided)
    return triaged


def assign_reading(uow: UnitOfWork, reading_id: UUID, code: str, reason: str) -> StoredReading:
    """Tie a quarantined reading to a sample, by its blind code and with a reason.

    Raises:
        NotFoundError: no such reading of this laboratory.
        InvalidInputError: a code that this laboratory did not give, or no reason.
        ConflictError: it is not in quarantine, or it is no reading but bytes that could not be read.

    Emits: ReadingDecided.
    """
    reading = _lock_quarantined(uow, reading_id)
    if reading.quarantine_reason in NOT_READ:
        raise ConflictError(_l("These bytes are no reading, so they belong to no sample."))
    wanted = normalise_scan(code)
    if not wanted:
        raise InvalidInputError(_l("Scan or type the blind code that the reading belongs to."), field="blind_code")
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


def reject_waiting(uow: UnitOfWork, readings: Iterable[UUID], reason: str) -> int:
    """The same of several that wait, each with this reason; returns how many.

    One that somebody has decided about meanwhile is left as it is. They are locked in one order, so that two people who
    tick the same ones do not wait for each other.

    Raises:
        NotFoundError: one of them is no reading of this laboratory.
        InvalidInputError: no reason.

    Emits: ReadingDecided, of each.
    """
    rejected = 0
    for reading_id in sorted(set(readings)):
        if _lock(uow, reading_id).state is ReadingState.QUARANTINED:
            reject_reading(uow, reading_id, reason)
            rejected += 1
    return rejected


def look_again(uow: UnitOfWork, reading_id: UUID) -> Sequence[Triaged]:
    """Read a quarantined unit again after its parser was mended, or match a reading again after a code was given.

    Returns:
        The readings that came of it; empty when a reading was matched where it stands.

    Raises:
        NotFoundError: no such reading of this laboratory.
        ConflictError: it is not in quarantine, or nothing has changed.

    Emits: ReadingsTaken and ReadingDecided, when a unit could be read.
    """
    reading = _lock_quarantined(uow, reading_id)
    if reading.quarantine_reason is QuarantineReason.INCOMPLETE:
        raise ConflictError(_l("Half a message is never read. Let the instrument send it again."))
    instrument = uow.session.get_one(Instrument, reading.instrument_id)
    if reading.quarantine_reason is QuarantineReason.UNDECODABLE:
        return _parse_again(uow, instrument, reading)
    as_delivered = _as_delivered(uow.session, reading)
    tied, run_id = _Matching(uow.session, instrument, [as_delivered]).of(as_delivered)
    if tied.matched_by is None or reading.quarantine_reason is QuarantineReason.CONFLICT:
        raise ConflictError(_l("Nothing has changed: it still waits for a person."))
    reading.state, reading.matched_by, reading.blind_code = ReadingState.MATCHED, tied.matched_by, tied.blind_code
    reading.run_id = run_id
    return []


def look_again_at_all(uow: UnitOfWork, readings: Iterable[UUID]) -> int:
    """Look again at each; returns how many moved. What still waits is left as it is."""
    moved = 0
    for reading_id in readings:
        try:
            look_again(uow, reading_id)
        except ConflictError:
            continue
        moved += 1
    return moved


def known_instrument(uow: UnitOfWork, name: str, driver: str) -> Instrument:
    """The instrument of this name of one's laboratory; it is known from now on."""
    organisation_id = uow.actor.require_organisation()
    found = uow.session.scalar(
        select(Instrument).where(Instrument.organisation_id == organisation_id, Instrument.name == name)
    )
    if found is None:
        found = Instrument(id=uuid4(), organisation_id=organisation_id, name=name, driver=driver, first_seen_at=uow.now)
        uow.session.add(found)
        uow.session.flush()
    if driver != FILE_DRIVER and not driver.startswith(f"{FILE_DRIVER}:"):
        found.driver = driver  # an instrument at a wire keeps its driver when somebody brings one of its exports
    return found


def _known_keys(session: Session, instrument: Instrument, delivered: Sequence[Delivered]) -> Iterable[str]:
    asked = [one.key for one in delivered]
    return session.scalars(
        select(StoredReading.key).where(StoredReading.instrument_id == instrument.id, StoredReading.key == _any(asked))
    )


def _any(texts: Collection[str]) -> ColumnElement[Any]:
    """Compare with any of these texts as one parameter: ten thousand of their own take longer to bind than to find."""
    return any_(literal(list(texts), ARRAY(Text)))


def _known_identities(
    session: Session, instrument: Instrument, delivered: Sequence[Delivered]
) -> dict[str, list[tuple[UUID, Any]]]:
    """What is stored of the same measurements, the earliest first."""
    found: dict[str, list[tuple[UUID, Any]]] = defaultdict(list)
    asked = {one.identity for one in delivered if one.identity}
    if not asked:
        return found
    rows = session.execute(
        select(
            StoredReading.id,
            StoredReading.identity,
            StoredReading.value_text,
            StoredReading.comparator,
            StoredReading.unit_text,
            StoredReading.status,
        )
        .where(
            StoredReading.instrument_id == instrument.id,
            StoredReading.identity != "",
            StoredReading.identity == _any(asked),
        )
        .order_by(StoredReading.received_at, StoredReading.id)
    )
    for row in rows:
        found[row.identity].append((row.id, row))
    return found


class _Matching:
    """What readings of one instrument are matched and held by, read once for all of them."""

    def __init__(self, session: Session, instrument: Instrument, delivered: Sequence[Delivered]) -> None:
        self._barcodes = {one.sample_text: normalise_scan(one.sample_text) for one in delivered}
        self._codes = blind_codes_of_lab(session, instrument.organisation_id, self._barcodes.values())
        instants = [one.captured_at for one in delivered]
        self._runs = runs_over(session, instrument.id, min(instants), max(instants))
        self._slots = {run.id: slots_of(session, run.id) for run in self._runs}
        self._record = record_of(session, instrument.id)
        slotted = {code for slots in self._slots.values() for code in slots.values()}
        self._asked = asked_of(session, self._codes | slotted)
        self._items = find_items(session, {one.item_text for one in delivered if one.item_text} if self._asked else ())

    def of(self, delivered: Delivered) -> tuple[Match, UUID | None]:
        """The match of one reading, and the run that made it."""
        if delivered.problem is not None:
            return Match(None, None, delivered.problem), None
        run = next((run for run in self._runs if _was_open(run, delivered)), None)
        match = match_reading(
            self._barcodes[delivered.sample_text],
            delivered.slot.strip(),
            is_quality_control=delivered.quality_control,
            looks_like_code=is_blind_code,
            codes=self._codes,
            slots=self._slots[run.id] if run else {},
        )
        if match.matched_by is None or match.blind_code is None:
            return match, None
        item_id = self._items.get(delivered.item_text)
        wrong = disagreement(item_id, delivered.unit_text, self._asked.get(match.blind_code, ()))
        if wrong is not None:
            return Match(None, None, *wrong), None
        held = what_holds(self._record, measured_instant(delivered.measured_at, delivered.captured_at))
        if held is not None:
            return Match(None, None, held), None
        return match, run.id if run and match.matched_by is MatchedBy.RUN_SLOT else None


def _was_open(run: InstrumentRun, delivered: Delivered) -> bool:
    return run.opened_at <= delivered.captured_at and (run.ended_at is None or delivered.captured_at <= run.ended_at)


def _keep_frames(uow: UnitOfWork, frames: Iterable[bytes]) -> None:
    """Keep each once, in the order of their hashes, so that two who keep the same ones cannot wait for each other."""
    uow.session.execute(_KEEP_FRAMES, {"frames": ",".join([f"\\x{frame.hex()}" for frame in set(frames)])})


def _store(uow: UnitOfWork, instrument: Instrument, new: Sequence[Triaged], file_id: UUID | None) -> None:
    """Copy the rows in at once, and note them: row by row a file of ten thousand would take many seconds."""
    shared = {
        "instrument_id": instrument.id,
        "received_at": uow.now,
        "delivered_by_id": uow.actor.require_person(),
        "file_id": file_id,
        "decision": None,
        "decided_by_id": None,
        "decided_at": None,
    }
    same = {name: plain(value) for name, value in shared.items()}
    rows = [same | _row_of(one) for one in new]
    uow.record_plain(instrument.ledger_chain(), StoredReading.__tablename__, rows)
    copy_in(uow.session, StoredReading.__table__, [row | {"raw_sha256": f"\\x{row['raw_sha256']}"} for row in rows])


def _row_of(one: Triaged) -> dict[str, Any]:
    """What is the row's own, as the ledger writes it."""
    delivered, match = one.delivered, one.match
    row = dict(zip(_COPIED, _copied_of(delivered), strict=True))
    row |= {
        "id": str(one.id),
        "value": plain(delivered.value),
        "comparator": plain(delivered.comparator),
        "status": delivered.status.value,
        "measured_at": plain(delivered.measured_at),
        "captured_at": plain(delivered.captured_at),
        "raw_sha256": sha256(delivered.raw).hexdigest(),
        "state": one.state.value,
        "matched_by": plain(match.matched_by),
        "blind_code": match.blind_code,
        "run_id": plain(one.run_id),
        "quarantine_reason": plain(match.reason),
        "expected_text": match.expected,
        "conflicts_with_id": plain(one.conflicts_with_id),
    }
    return row


def _parse_again(uow: UnitOfWork, instrument: Instrument, reading: StoredReading) -> Sequence[Triaged]:
    connection = find_connection(uow.session, instrument.organisation_id, instrument.name)
    raw = uow.session.get_one(RawFrame, reading.raw_sha256).content
    try:
        driver = get_driver(reading.driver)
        parsed = driver.parse(raw, connection.settings if connection else {})
    except Exception as error:  # a driver may be anybody's, and it failed on these bytes before
        raise ConflictError(_l("It still cannot be read: %(problem)s", problem=str(error))) from error
    if all(one.problem is not None for one in parsed):
        raise ConflictError(_l("Nothing has changed: it still waits for a person."))
    delivered = [
        delivered_of(one, one.key(instrument.name, f"{reading.key}:{at}"), instrument.name, reading.captured_at)
        for at, one in enumerate(parsed)
    ]
    taken = take_readings(uow, instrument.name, delivered)
    reading.state = ReadingState.REJECTED
    _decide(uow, reading, str(_l("Read again by version %(version)s of its driver.", version=driver.parser_version)))
    return taken.new


def _as_delivered(session: Session, reading: StoredReading) -> Delivered:
    raw = session.get_one(RawFrame, reading.raw_sha256).content
    return replace(
        Delivered(key=reading.key, captured_at=reading.captured_at, driver=reading.driver, parser_version=1, raw=raw),
        sample_text=reading.sample_text,
        slot=reading.slot,
        item_text=reading.item_text,
        unit_text=reading.unit_text,
        measured_at=reading.measured_at,
        quality_control=reading.quality_control,
    )


def _lock(uow: UnitOfWork, reading_id: UUID) -> StoredReading:
    reading = uow.session.get(StoredReading, reading_id, with_for_update=True)
    if reading is None:
        raise NotFoundError
    get_instrument(uow.session, uow.actor.require_organisation(), reading.instrument_id)
    return reading


def _lock_quarantined(uow: UnitOfWork, reading_id: UUID) -> StoredReading:
    reading = _lock(uow, reading_id)
    if reading.state is not ReadingState.QUARANTINED:
        raise ConflictError(_l("Somebody decided about this reading already."))
    return reading


def _decide(uow: UnitOfWork, reading: StoredReading, reason: str) -> None:
    reading.decision, reading.decided_at = read_reason(reason), uow.now
    reading.decided_by_id = uow.actor.require_person()
    uow.emit(
        ReadingDecided(
            instrument_id=reading.instrument_id,
            reading_id=reading.id,
            is_rejected=reading.state is ReadingState.REJECTED,
        )
    )
