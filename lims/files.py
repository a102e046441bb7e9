"""Files by what they hold: stored once under their SHA-256, with a row that says what they are."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lims.config import Settings
from lims.db import Base
from lims.errors import InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from lims.uow import UnitOfWork

MAX_BYTES = 25 * 1024 * 1024  # a raw photo of a current tablet is 4–12 MiB
# What a file is, told by its first bytes and never by the name or header that came with it.
SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"RIFF": "image/webp",
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
    b"\xd0\xcf\x11\xe0": "application/vnd.ms-excel",
}
IMAGES = frozenset({"image/jpeg", "image/png", "image/webp"})
PAPERS = IMAGES | {"application/pdf"}


class StoredFile(Ledgered, Base):
    """One content; the bytes lie in the files folder under this very hash."""

    __tablename__ = "stored_file"
    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    size: Mapped[int]
    media_type: Mapped[str]
    stored_at: Mapped[datetime]
    stored_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256_is_whole"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return _chain_of(self.stored_by_id)


def _chain_of(person_id: UUID | None) -> str:
    """One chain for all files would make every upload of the installation wait for every other one."""
    return f"files:{person_id or 'system'}"


_folder: list[Path] = []
_is_durable = [True]


def configure(settings: Settings, *, durable: bool = True) -> None:
    """Say where the bytes lie.

    Args:
        durable: False does not wait for the disk, for a demonstration that is made again when it is cut off.
    """
    _folder[:] = [settings.files_folder]
    _is_durable[:] = [durable]


def path_of(sha256: bytes) -> Path:
    """Where the bytes with this hash lie."""
    name = sha256.hex()
    return _folder[0] / name[:2] / name


def sniff_media_type(content: bytes) -> str:
    """What the content is by its first bytes; text that decodes is text, anything else is only bytes."""
    for signature, media_type in SIGNATURES.items():
        if content.startswith(signature):
            return media_type
    return "application/octet-stream" if b"\0" in content[:4096] else "text/plain"


def store_file(uow: UnitOfWork, content: bytes, *, allowed: frozenset[str] | None = None) -> bytes:
    """Keep `content` and return its SHA-256; as `store_files`."""
    [digest] = store_files(uow, [content], allowed=allowed)
    return digest


def store_files(uow: UnitOfWork, contents: Sequence[bytes], *, allowed: frozenset[str] | None = None) -> list[bytes]:
    """Keep several contents and return their SHA-256, in their order; the same content twice is one file.

    The bytes are on disk, flushed, before the row is: a row never points at nothing. Bytes whose transaction is undone
    are swept by `lims.files.sweep`.

    Raises:
        InvalidInputError: one is empty, too large, or not one of the `allowed` media types.
    """
    if not contents:
        return []
    digests = [hashlib.sha256(content).digest() for content in contents]
    rows = {}
    for digest, content in zip(digests, contents, strict=True):
        rows[digest] = {
            "sha256": digest,
            "size": len(content),
            "media_type": _checked(content, allowed),
            "stored_at": uow.now,
            "stored_by_id": uow.actor.person_id,
        }
    for digest, content in dict(zip(digests, contents, strict=True)).items():
        _write(path_of(digest), content)
    # Two people may send one picture at one instant: whoever is second finds the row there. Sorted, so that two who
    # share two pictures do not wait for each other.
    written = set(
        uow.session.scalars(
            insert(StoredFile).on_conflict_do_nothing().returning(StoredFile.sha256),
            [rows[digest] for digest in sorted(rows)],
        )
    )
    for digest in sorted(written):
        noted = {name: value for name, value in rows[digest].items() if name != "sha256"}
        uow.record(_chain_of(uow.actor.person_id), "stored_file", {"sha256": digest}, noted)
    return digests


def _checked(content: bytes, allowed: frozenset[str] | None) -> str:
    """The media type of what may be stored."""
    if not content:
        raise InvalidInputError(_l("The file is empty."))
    if len(content) > MAX_BYTES:
        raise InvalidInputError(
            _l("The file has %(size)s bytes, at most %(most)s are taken.", size=len(content), most=MAX_BYTES)
        )
    media_type = sniff_media_type(content)
    if allowed is not None and media_type not in allowed:
        raise InvalidInputError(
            _l("The file is %(given)s, expected %(allowed)s.", given=media_type, allowed=", ".join(sorted(allowed)))
        )
    return media_type


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with fresh.open("wb") as handle:
        handle.write(content)
        if _is_durable[0]:
            handle.flush()
            os.fsync(handle.fileno())
    fresh.rename(path)


def read_file(session: Session, sha256: bytes) -> tuple[bytes, str]:
    """Content and media type of a stored file.

    Raises:
        NotFoundError: no such file, or its bytes are gone or changed.
    """
    stored = session.get(StoredFile, sha256)
    if stored is None or not path_of(sha256).exists():
        raise NotFoundError
    content = path_of(sha256).read_bytes()
    if hashlib.sha256(content).digest() != sha256:
        raise NotFoundError(_l("The stored file %(sha256)s no longer has this content.", sha256=sha256.hex()))
    return content, stored.media_type
