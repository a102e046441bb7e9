"""Typed configuration from the environment, validated before anything starts."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from lims.errors import ConfigurationError
from lims.i18n import lazy_gettext as _l

PACKAGE = Path(__file__).parent
MIN_SECRET_LENGTH = 32  # characters; a generated one has 64
MAIL_SCHEMES = frozenset({"smtp", "smtps"})
BROKER_SCHEMES = {"redis", "rediss", "amqp", "amqps", "memory"}


class Environment(StrEnum):
    """How the program runs: cookies without TLS and the component gallery exist only outside production."""

    PRODUCTION = "production"
    DEMO = "demo"
    TESTING = "testing"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the environment decides.

    Attributes:
        home: folder of the private cluster, keys, files and the background child's socket (`LIMS_HOME`).
        database_url: the application's login (`LIMS_DATABASE_URL`); None means the private cluster under `home`.
        database_owner_url: the owner's login for migrations and erasure (`LIMS_DATABASE_OWNER_URL`).
        broker_url: Celery broker (`LIMS_BROKER_URL`); None means one background child with the in-memory broker.
        secret_key: signs CSRF tokens and challenges (`LIMS_SECRET_KEY`); None means one made once under `home`.
        public_url: what QR codes and mails point at (`LIMS_PUBLIC_URL`).
        mail_url: `smtp://user:password@host:port` (`LIMS_MAIL_URL`); None keeps mail in the outbox folder under `home`.
        witnesses: where signed heads of the ledger go (`LIMS_WITNESSES`, separated by commas): `https://…` to be
            countersigned, `mailto:…` to whoever keeps one a day.
        trusted_proxies: how many proxies in front set `X-Forwarded-*` (`LIMS_TRUSTED_PROXIES`).
    """

    home: Path
    database_url: str | None
    database_owner_url: str | None
    broker_url: str | None
    secret_key: str | None
    public_url: str
    mail_url: str | None
    witnesses: tuple[str, ...]
    trusted_proxies: int
    environment: Environment
    log_level: str

    def session_secret(self) -> str:
        """The secret in use; read from `home`, or made there at first use, where none was given."""
        return self.secret_key or read_or_make_key(self.home / "keys" / "session.key")

    @property
    def files_folder(self) -> Path:
        """Where stored files lie, named by their SHA-256."""
        return self.home / "files"

    @property
    def ledger_key_file(self) -> Path:
        """The private key that signs ledger heads."""
        return self.home / "keys" / "ledger.pem"

    @property
    def ledger_origin(self) -> str:
        """The name under which heads are signed: the public host of this installation."""
        return f"fenjian/{urlsplit(self.public_url).netloc or 'localhost'}"

    @property
    def identity_key_file(self) -> Path:
        """The key of the digests under which identity documents are compared."""
        return self.home / "keys" / "identity.key"

    @property
    def uses_own_cluster(self) -> bool:
        """Whether the program keeps a private PostgreSQL cluster under `home`."""
        return self.database_url is None


def data_folder(name: str) -> Path:
    """A data folder (`templates`, `migrations`): inside the wheel when installed, beside the packages in a checkout."""
    shipped = PACKAGE / "_data" / name
    return shipped if shipped.is_dir() else PACKAGE.parent / name


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment.

    Raises:
        ConfigurationError: names the variable, its value and what was expected.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("LIMS_HOME") or "var").absolute()
    urls = [env.get(name) or None for name in ("LIMS_DATABASE_URL", "LIMS_DATABASE_OWNER_URL")]
    if (urls[0] is None) != (urls[1] is None):
        raise ConfigurationError(
            _l("LIMS_DATABASE_URL and LIMS_DATABASE_OWNER_URL go together: set both, or neither for a private cluster.")
        )
    for name, url in zip(("LIMS_DATABASE_URL", "LIMS_DATABASE_OWNER_URL"), urls, strict=True):
        if url is not None and urlsplit(url).scheme not in {"postgresql", "postgresql+psycopg"}:
            scheme = urlsplit(url).scheme
            raise ConfigurationError(
                _l("%(name)s has the scheme %(scheme)s, expected postgresql://…", name=name, scheme=scheme)
            )
    return Settings(
        home=home,
        database_url=_with_driver(urls[0]),
        database_owner_url=_with_driver(urls[1]),
        broker_url=_broker(env.get("LIMS_BROKER_URL") or None),
        secret_key=_secret(env.get("LIMS_SECRET_KEY") or None),
        public_url=(env.get("LIMS_PUBLIC_URL") or "http://localhost:5000").rstrip("/"),
        mail_url=_mail_server(env.get("LIMS_MAIL_URL") or None),
        witnesses=_witnesses(env.get("LIMS_WITNESSES") or ""),
        trusted_proxies=_count(env, "LIMS_TRUSTED_PROXIES"),
        environment=_choice(env, "LIMS_ENVIRONMENT"),
        log_level=(env.get("LIMS_LOG_LEVEL") or "INFO").upper(),
    )


def _with_driver(url: str | None) -> str | None:
    return url.replace("postgresql://", "postgresql+psycopg://", 1) if url else None


def _broker(url: str | None) -> str | None:
    if url is not None and urlsplit(url).scheme not in BROKER_SCHEMES:
        raise ConfigurationError(
            _l(
                "LIMS_BROKER_URL has the scheme %(scheme)s, expected one of %(known)s.",
                scheme=urlsplit(url).scheme,
                known=", ".join(sorted(BROKER_SCHEMES)),
            )
        )
    return url


def _mail_server(url: str | None) -> str | None:
    if url is not None and urlsplit(url).scheme not in MAIL_SCHEMES:
        raise ConfigurationError(
            _l(
                "%(name)s is %(value)s, expected one of %(known)s.",
                name="LIMS_MAIL_URL",
                value=url,
                known="smtp://host:port, smtps://host:port",
            )
        )
    return url


def _witnesses(text: str) -> tuple[str, ...]:
    given = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in given:
        parts = urlsplit(one)
        if not (parts.scheme in {"https", "http"} and parts.netloc) and not (
            parts.scheme == "mailto" and "@" in parts.path
        ):
            raise ConfigurationError(
                _l(
                    "%(name)s is %(value)s, expected one of %(known)s.",
                    name="LIMS_WITNESSES",
                    value=one,
                    known="https://…, mailto:…@…",
                )
            )
    return given


def _secret(given: str | None) -> str | None:
    if given is not None and len(given) < MIN_SECRET_LENGTH:
        raise ConfigurationError(
            _l(
                "LIMS_SECRET_KEY has %(length)s characters, expected at least %(least)s.",
                length=len(given),
                least=MIN_SECRET_LENGTH,
            )
        )
    return given


def _count(env: Mapping[str, str], name: str) -> int:
    value = env.get(name) or "0"
    if not value.isdecimal():
        raise ConfigurationError(_l("%(name)s is %(value)s, expected a whole number.", name=name, value=value))
    return int(value)


def _choice(env: Mapping[str, str], name: str) -> Environment:
    value = env.get(name) or Environment.PRODUCTION.value
    if value not in set(Environment):
        raise ConfigurationError(
            _l(
                "%(name)s is %(value)s, expected one of %(known)s.",
                name=name,
                value=value,
                known=", ".join(Environment),
            )
        )
    return Environment(value)


def read_or_make_key(path: Path) -> str:
    """A random key of 64 hexadecimal characters kept in a file that only its owner reads; made at first use."""
    if not path.exists():
        write_secret_once(path, secrets.token_hex(32).encode())
    return path.read_text().strip()


def write_secret_once(path: Path, secret: bytes) -> None:
    """Put `secret` at `path`, readable by its owner alone; of two processes that start at once, one wins for both."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secret)
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
