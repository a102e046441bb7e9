"""Keys of rounds: 32 random bytes in a file outside the database, one per round, destroyed after the count.

Whoever holds a dump of the database holds no key, and whoever holds the key file holds no tag.
"""

import secrets
from pathlib import Path
from uuid import UUID

from lims.config import write_secret_once
from lims.errors import ConfigurationError
from lims.i18n import lazy_gettext as _l

KEY_BYTES = 32
_folder: Path | None = None


def configure(home: Path) -> None:
    """Say where this installation keeps its keys."""
    global _folder  # noqa: PLW0603 - one installation per process
    _folder = home / "keys" / "rounds"


def make_key(round_id: UUID) -> None:
    """Make the key of a round; a second call keeps the first key."""
    write_secret_once(_path(round_id), secrets.token_bytes(KEY_BYTES))


def read_key(round_id: UUID) -> bytes:
    """The key of a round.

    Raises:
        ConfigurationError: it is not there: no vote can be taken without it.
    """
    try:
        return _path(round_id).read_bytes()
    except FileNotFoundError as error:
        raise ConfigurationError(
            _l("The key of this round is not on this machine, so no vote can be taken.")
        ) from error


def remove_key(round_id: UUID) -> None:
    """Destroy the key of a round for good; no copy is kept."""
    _path(round_id).unlink(missing_ok=True)


def _path(round_id: UUID) -> Path:
    if _folder is None:
        raise RuntimeError("the keys folder is not configured: call citizen_votes.keys.configure(home) first")
    return _folder / f"{round_id}.key"
