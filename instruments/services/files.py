"""Files of readings: the bytes are kept first, the rows are looked at, then all or some are taken."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from threading import Lock
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from instruments.files.importing import ImportedFile, import_file, propose_profiles
from instruments.files.profiles import FileProfile
from instruments.intake import delivered_of
from instruments.models import Instrument, ReadingFile
from instruments.queries import find_file_of_content, get_file, get_profile, profile_rows
from instruments.services.readings import FILE_DRIVER, Triaged, known_instrument, store_triaged, take_readings, triage
from instruments.types import Delivered, FileState, QuarantineReason, Reading, RowVerdict
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.files import read_file, store_file
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.tables import UnreadableFileError
from lims.uow import UnitOfWork

TAKEABLE = frozenset({RowVerdict.NEW, RowVerdict.CONFLICT, RowVerdict.UNMATCHED})
MAX_FILE_NAME = 200


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One reading of a file, or a row that holds none, before it is taken.

    Attributes:
        number: of the row in the file, from 1.
        place: the same with the place in the row, as people choose it.
        problem: why there is no reading.
    """

    number: int
    place: str
    verdict: RowVerdict
    reading: Reading | None = None
    triaged: Triaged | None = None
    problem: LazyString | None = None


@dataclass(frozen=True, slots=True)
class Staged:
    """A file as its profile reads it, with what would become of every row.

    Attributes:
        problem: why the file cannot be read; then there are no rows.
    """

    file: ReadingFile
    instrument: Instrument
    profile: FileProfile | None
    rows: Sequence[StagedRow] = ()
    warnings: Sequence[LazyString] = ()
    encoding: str = ""
    problem: LazyString | None = None

    @property
    def counts(self) -> Counter[RowVerdict]:
        """How many rows have each verdict."""
        return Counter(row.verdict for row in self.rows)

    @property
    def takeable(self) -> int:
        """How many rows can be taken."""
        return sum(row.verdict in TAKEABLE for row in self.rows)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was handed in; `is_new` is False when its bytes were here before, under whatever name."""

    file: ReadingFile
    is_new: bool


def receive_file(
    uow: UnitOfWork,
    instrument_name: str,
    file_name: str,
    content: bytes,
    *,
    profile_name: str | None = None,
    keep_unread: bool = False,
) -> Received:
    """Keep a file of an instrument and choose a profile for it; nothing is read into readings yet.

    Args:
        uow: the transaction of whoever brings it, in their laboratory.
        instrument_name: whose file it is; an unknown name makes an instrument.
        file_name: as it was called; decides nothing.
        content: its bytes.
        profile_name: to read it by; None lets the header decide.
        keep_unread: whether a file whose profile there is not is kept all the same, for a person to choose another: a
            program that delivers files cannot be asked.

    Raises:
        InvalidInputError: empty, too large, or without the name of an instrument.
        NotFoundError: no such profile.
    """
    name = instrument_name.strip()
    if not name:
        raise InvalidInputError(_l("Say which instrument the file is from."), field="instrument")
    digest = store_file(uow, content)
    instrument = known_instrument(uow, name, FILE_DRIVER)
    known = find_file_of_content(uow.session, instrument.id, digest)
    if known is not None:
        return Received(known, is_new=False)
    try:
        profile = _choose_profile(uow.session, instrument, content, profile_name)
    except NotFoundError:
        if not keep_unread:
            raise
        profile = None
    file = ReadingFile(
        id=uuid4(),
        instrument_id=instrument.id,
        file_sha256=digest,
        file_name=file_name.strip()[:MAX_FILE_NAME],
        received_at=uow.now,
        received_by_id=uow.actor.require_person(),
        profile_name=profile.name if profile else None,
        profile_version=profile.version if profile else None,
        state=_state_of(uow.actor.require_organisation(), digest, content, profile),
    )
    uow.session.add(file)
    uow.session.flush()
    return Received(file, is_new=True)


def choose_profile(uow: UnitOfWork, file_id: UUID, profile_name: str) -> ReadingFile:
    """Read a file by another profile, in its latest version.

    Raises:
        NotFoundError: no such file of this laboratory, no such profile.
        ConflictError: the file is done with.
    """
    organisation_id = uow.actor.require_organisation()
    file = _lock_open(uow, file_id)
    profile = get_profile(uow.session, organisation_id, profile_name)
    content, _media_type = read_file(uow.session, file.file_sha256)
    file.profile_name, file.profile_version = profile.name, profile.version
    file.state = _state_of(organisation_id, file.file_sha256, content, profile)
    return file


def stage_file(session: Session, organisation_id: UUID, file: ReadingFile) -> Staged:
    """What would become of every row of a file; nothing is changed.

    Raises:
        NotFoundError: its bytes are gone.
    """
    instrument = session.get_one(Instrument, file.instrument_id)
    if file.profile_name is None:
        return Staged(file, instrument, None, problem=_l("No profile knows this file."))
    profile = get_profile(session, organisation_id, file.profile_name, file.profile_version)
    content, _media_type = read_file(session, file.file_sha256)
    try:
        kept = _read(organisation_id, file.file_sha256, content, profile)
    except UnreadableFileError as error:
        return Staged(file, instrument, profile, problem=error.message)
    return Staged(
        file,
        instrument,
        profile,
        _stage_rows(session, instrument, file, kept),
        kept.imported.warnings,
        kept.imported.encoding,
    )


def take_rows(
    uow: UnitOfWork,
    file_id: UUID,
    *,
    verdicts: Collection[RowVerdict] = TAKEABLE,
    places: Collection[str] | None = None,
) -> int:
    """Take rows of a file; returns how many readings were stored. The file is done when nothing is left in it.

    Args:
        uow: the transaction of whoever takes them.
        file_id: of the file.
        verdicts: take the rows that have one of these now.
        places: of these, only those that stand here (`StagedRow.place`).

    Raises:
        NotFoundError: no such file of this laboratory.
        InvalidInputError: none of the rows can be taken.
        ConflictError: the file is done with, or cannot be read.

    Emits: ReadingsTaken.
    """
    file = _lock_open(uow, file_id)
    staged = stage_file(uow.session, uow.actor.require_organisation(), file)
    if staged.problem is not None:
        raise ConflictError(_l("The file cannot be read: %(problem)s", problem=staged.problem))

    def is_wanted(row: StagedRow) -> bool:
        return row.verdict in TAKEABLE and row.verdict in verdicts and (places is None or row.place in places)

    wanted = [row.triaged for row in staged.rows if row.triaged is not None and is_wanted(row)]
    if not wanted:
        raise InvalidInputError(_l("None of these rows can be taken."), field="rows")
    if len(wanted) == staged.takeable:
        taken = store_triaged(uow, staged.instrument, wanted, file_id=file.id)
    else:  # what a row contradicts may be one that is not taken
        chosen = [one.delivered for one in wanted]
        taken = take_readings(uow, staged.instrument.name, chosen, file_id=file.id)
    if len(wanted) == staged.takeable and not staged.counts[RowVerdict.UNREADABLE]:
        _close(uow, file, left_out=0, reason=None)
    return len(taken.new)


def close_file(uow: UnitOfWork, file_id: UUID, reason: str) -> ReadingFile:
    """Say that what is left in a file is not taken, and why.

    Raises:
        NotFoundError: no such file of this laboratory.
        InvalidInputError: rows are left out without a reason.
        ConflictError: the file is done with.
    """
    file = _lock_open(uow, file_id)
    staged = stage_file(uow.session, uow.actor.require_organisation(), file)
    left_out = staged.takeable + staged.counts[RowVerdict.UNREADABLE]
    if (left_out or staged.problem is not None) and not reason.strip():
        raise InvalidInputError(_l("Say why."), field="reason")
    _close(uow, file, left_out=left_out, reason=reason.strip() or None)
    return file


def _choose_profile(
    session: Session, instrument: Instrument, content: bytes, profile_name: str | None
) -> FileProfile | None:
    if profile_name:
        return get_profile(session, instrument.organisation_id, profile_name)
    known = [row.profile for row in profile_rows(session, instrument.organisation_id)]
    return next(iter(propose_profiles(content, known)), None)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A reading of a file, with its place and as it would be delivered."""

    place: str
    reading: Reading
    delivered: Delivered


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a profile made of a file, and its readings as of the instruments whose file it is."""

    imported: ImportedFile
    placed: dict[tuple[str, datetime], Sequence[_Placed]] = field(default_factory=dict)

    def readings_of(self, instrument: str, received_at: datetime) -> Sequence[_Placed]:
        """The readings in their order, made once: a person looks at a file, then takes it."""
        found = self.placed.get((instrument, received_at))
        if found is None:
            found = self.placed[instrument, received_at] = tuple(self._place(instrument, received_at))
        return found

    def _place(self, instrument: str, received_at: datetime) -> Iterator[_Placed]:
        for row in self.imported.rows:
            for at, reading in enumerate(row.readings):
                key = reading.key(instrument, f"{self.imported.sha256}:{row.number}:{at}")
                delivered = delivered_of(reading, key, instrument, received_at, file_row=row.number)
                yield _Placed(f"{row.number}.{at}", reading, delivered)


_lately: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
_lately_lock = Lock()
KEPT_FILES, KEPT_ROWS = 2, 20_000  # a person looks at a file, then takes it: it need not be read three times


def _read(organisation_id: UUID, digest: bytes, content: bytes, profile: FileProfile) -> _Kept:
    """Read a file, or give what this very profile made of these very bytes a moment ago."""
    key = (organisation_id, digest, profile.name, profile.version)
    with _lately_lock:
        found = _lately.get(key)
    if found is None:
        found = _Kept(import_file(content, profile))
        if len(found.imported.rows) <= KEPT_ROWS:
            with _lately_lock:
                _lately[key] = found
                while len(_lately) > KEPT_FILES:
                    _lately.popitem(last=False)
    return found


def _state_of(organisation_id: UUID, digest: bytes, content: bytes, profile: FileProfile | None) -> FileState:
    if profile is None:
        return FileState.UNREADABLE
    try:
        _read(organisation_id, digest, content, profile)
    except UnreadableFileError:
        return FileState.UNREADABLE
    return FileState.WAITING


def _stage_rows(session: Session, instrument: Instrument, file: ReadingFile, kept: _Kept) -> Sequence[StagedRow]:
    placed = kept.readings_of(instrument.name, file.received_at)
    triaged = triage(session, instrument, [one.delivered for one in placed]) if placed else []
    rows = [
        StagedRow(one.delivered.file_row or 0, one.place, verdict_of(decided), one.reading, decided)
        for one, decided in zip(placed, triaged, strict=True)
    ]
    rows += [
        StagedRow(row.number, f"{row.number}.", RowVerdict.UNREADABLE, problem=row.problem)
        for row in kept.imported.unreadable
    ]
    return sorted(rows, key=attrgetter("number"))  # stable: readings of one row stay in their order


def verdict_of(one: Triaged) -> RowVerdict:
    """What a person is told of a reading before it is taken."""
    if one.is_known:
        return RowVerdict.DUPLICATE
    if one.quarantine_reason is QuarantineReason.CONFLICT:
        return RowVerdict.CONFLICT
    return RowVerdict.NEW if one.match.matched_by is not None else RowVerdict.UNMATCHED


def _lock_open(uow: UnitOfWork, file_id: UUID) -> ReadingFile:
    file = get_file(uow.session, uow.actor.require_organisation(), file_id, lock=True)
    if file.state is FileState.DONE:
        raise ConflictError(_l("This file is done with."))
    return file


def _close(uow: UnitOfWork, file: ReadingFile, *, left_out: int, reason: str | None) -> None:
    file.state, file.closed_at, file.closed_by_id = FileState.DONE, uow.now, uow.actor.require_person()
    file.left_out, file.reason = left_out, reason
