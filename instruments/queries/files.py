"""Reads of files of readings and of the profiles they are read by."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.files.profiles import FileProfile, builtin_profiles, parse_profile
from instruments.models import FileProfileVersion, Instrument, ReadingFile, StoredReading
from instruments.types import FileState
from lims.errors import NotFoundError

FILES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file in the list."""

    file: ReadingFile
    instrument: Instrument
    readings: int


def list_files(session: Session, organisation_id: UUID) -> list[FileRow]:
    """The latest files of a laboratory, those that wait first, with the readings taken from each."""
    readings = (
        select(func.count()).where(StoredReading.file_id == ReadingFile.id).correlate(ReadingFile).scalar_subquery()
    )
    rows = session.execute(
        select(ReadingFile, Instrument, readings)
        .join(Instrument, Instrument.id == ReadingFile.instrument_id)
        .where(Instrument.organisation_id == organisation_id)
        .order_by((ReadingFile.state == FileState.DONE), ReadingFile.received_at.desc(), ReadingFile.id)
        .limit(FILES_SHOWN)
    )
    return [FileRow(*row) for row in rows]


def get_file(session: Session, organisation_id: UUID, file_id: UUID, *, lock: bool = False) -> ReadingFile:
    """A file of one's own laboratory.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(ReadingFile, file_id, with_for_update=lock)
    if found is None or session.get_one(Instrument, found.instrument_id).organisation_id != organisation_id:
        raise NotFoundError
    return found


def find_file_of_content(session: Session, instrument_id: UUID, sha256: bytes) -> ReadingFile | None:
    """The file with this content of an instrument, under whatever name it came."""
    return session.scalar(
        select(ReadingFile).where(ReadingFile.instrument_id == instrument_id, ReadingFile.file_sha256 == sha256)
    )


def readings_of_file(session: Session, file_id: UUID) -> int:
    """How many readings were taken from a file."""
    return session.scalar(select(func.count()).where(StoredReading.file_id == file_id)) or 0


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile in the list; `made` is None for those that come with the program."""

    profile: FileProfile
    made: FileProfileVersion | None


def profile_rows(session: Session, organisation_id: UUID) -> list[ProfileRow]:
    """The profiles that a laboratory reads files by, its own first, each in its latest version."""
    own = latest_profiles(session, organisation_id)
    builtin = [ProfileRow(one, None) for name, one in builtin_profiles().items() if name not in own]
    return [ProfileRow(parse_profile(row.document), row) for row in own.values()] + builtin


def latest_profiles(session: Session, organisation_id: UUID) -> dict[str, FileProfileVersion]:
    """The latest version of each profile of a laboratory's own, by name."""
    rows: Sequence[FileProfileVersion] = session.scalars(
        select(FileProfileVersion)
        .where(FileProfileVersion.organisation_id == organisation_id)
        .order_by(FileProfileVersion.name, FileProfileVersion.version)
    ).all()
    return {row.name: row for row in rows}


def get_profile(session: Session, organisation_id: UUID, name: str, version: int | None = None) -> FileProfile:
    """A profile by name: a laboratory's own, else one of the program's.

    Args:
        session: to read with.
        organisation_id: whose own profiles count.
        name: of the profile.
        version: exactly this one of a laboratory's own; None for the latest.

    Raises:
        NotFoundError: there is none.
    """
    query = select(FileProfileVersion).where(
        FileProfileVersion.organisation_id == organisation_id, FileProfileVersion.name == name
    )
    if version is not None:
        query = query.where(FileProfileVersion.version == version)
    own = session.scalar(query.order_by(FileProfileVersion.version.desc()).limit(1))
    if own is not None:
        return parse_profile(own.document)
    if name not in builtin_profiles():
        raise NotFoundError
    return builtin_profiles()[name]
