"""Logging in: password, throttling, one-time codes, server-side sessions, tokens, fresh confirmation."""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import Actor
from lims.auth.passwords import password_fits, waste_time
from lims.errors import ForbiddenError, LimsError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Account, ApiToken, Employment, LoginAttempt, WebSession
from lims.people.queries import actor_for, in_force
from lims.uow import UnitOfWork

FAILURES_BY_NAME = 5  # then the name waits; an owner who mistypes rarely needs more
FAILURES_BY_NETWORK = 50  # one office shares an address
THROTTLE_WINDOW = timedelta(minutes=15)
IDLE_LIMIT = timedelta(hours=10)  # a working day; the bench has its own screen lock
SESSION_LIMIT = timedelta(hours=16)
FRESH = timedelta(minutes=5)  # how old the confirmation for a signature may be (product.md §8)
TOKEN_BYTES = 32
TOTP_SECONDS = 30
SEEN_EVERY = timedelta(minutes=1)  # `seen_at` is written at most this often


class LoginRefusedError(LimsError):
    """Name, password or code are not right; it does not say which."""

    code = "login_refused"
    status = 401


class TooManyAttemptsError(LimsError):
    """Too many failures; the wait is told."""

    code = "too_many_attempts"
    status = 429


class ConfirmationNeededError(LimsError):
    """A signature needs the password again."""

    code = "confirmation_needed"
    status = 403


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session and its actor as of this request."""

    session: WebSession
    account: Account
    actor: Actor


def network_digest(secret: str, address: str | None) -> bytes:
    """A keyed digest of the network an address is in (/24 or /48): enough to count, useless to identify."""
    try:
        parsed = ipaddress.ip_address(address or "0.0.0.0")  # noqa: S104 - a missing address, not a bind
    except ValueError:
        parsed = ipaddress.ip_address("0.0.0.0")  # noqa: S104 - same
    prefix = 24 if parsed.version == 4 else 48  # noqa: PLR2004 - IP version 4
    network = ipaddress.ip_network(f"{parsed}/{prefix}", strict=False)
    return hmac.new(secret.encode(), str(network).encode(), hashlib.sha256).digest()


def check_throttle(session: Session, username: str, network: bytes, now: datetime, *, field: str | None = None) -> None:
    """Refuse further tries for a while after too many failures.

    Raises:
        TooManyAttemptsError: by name or by network.
    """
    since = now - THROTTLE_WINDOW
    failed = select(func.count()).select_from(LoginAttempt).where(LoginAttempt.at > since, ~LoginAttempt.succeeded)
    by_name = session.scalar(failed.where(func.lower(LoginAttempt.username) == username.lower())) or 0
    by_network = session.scalar(failed.where(LoginAttempt.network_digest == network)) or 0
    if by_name >= FAILURES_BY_NAME or by_network >= FAILURES_BY_NETWORK:
        raise TooManyAttemptsError(
            _l("Too many failed attempts. Try again in %(minutes)s minutes.", minutes=THROTTLE_WINDOW.seconds // 60),
            field=field,
        )


def note_attempt(uow: UnitOfWork, username: str, network: bytes, *, succeeded: bool) -> None:
    """Count a try; the edge does it in a transaction of its own, whatever became of the login."""
    uow.session.add(LoginAttempt(username=username, network_digest=network, at=uow.now, succeeded=succeeded))


def check_credentials(session: Session, username: str, password: str) -> Account:
    """The account behind name and password.

    Raises:
        LoginRefusedError: they do not fit, or the account is disabled.
    """
    account = session.scalar(select(Account).where(func.lower(Account.username) == username.strip().lower()))
    if account is None or account.disabled_at is not None:
        waste_time(password)
        raise LoginRefusedError(_l("User name or password are not right."))
    if not password_fits(account.password_hash, password):
        raise LoginRefusedError(_l("User name or password are not right."))
    return account


def check_code(account: Account, code: str, now: datetime) -> None:
    """Accept a one-time code once, within one step of the clock.

    Raises:
        LoginRefusedError: wrong, or used already.
    """
    assert account.totp_secret is not None  # noqa: S101 - only asked of accounts that have one
    totp = pyotp.TOTP(account.totp_secret, interval=TOTP_SECONDS)
    step_now = int(now.timestamp()) // TOTP_SECONDS
    for step in (step_now - 1, step_now, step_now + 1):
        used = account.totp_last_step is not None and step <= account.totp_last_step
        if not used and hmac.compare_digest(totp.at(step * TOTP_SECONDS), code.strip()):
            account.totp_last_step = step
            return
    raise LoginRefusedError(_l("This code is not valid now. Enter the one your device shows."), field="code")


def current_employment(session: Session, account: Account, now: datetime) -> UUID:
    """Where the account's person works today.

    Raises:
        LoginRefusedError: nowhere.
    """
    day = clock.local_date(now)
    employment = session.scalar(select(Employment.id).where(Employment.person_id == account.person_id, *in_force(day)))
    if employment is None:
        raise LoginRefusedError(_l("You are employed nowhere today; ask an administrator."))
    return employment


def log_in(uow: UnitOfWork, username: str, password: str, code: str | None = None) -> tuple[str, LoggedIn]:
    """Open a session; returns the token for the cookie and who it is.

    Raises:
        LoginRefusedError: name, password or code do not fit; a missing code says so in its field.
    """
    account = check_credentials(uow.session, username, password)
    if account.totp_secret is not None:
        if not code:
            raise LoginRefusedError(_l("Enter the code your device shows."), field="code")
        check_code(account, code, uow.now)
    employment_id = current_employment(uow.session, account, uow.now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = WebSession(
        token_sha256=_digest(token),
        account_id=account.id,
        employment_id=employment_id,
        created_at=uow.now,
        seen_at=uow.now,
        confirmed_at=uow.now,
    )
    uow.session.add(row)
    actor = actor_for(uow.session, account, employment_id, clock.local_date(uow.now))
    return token, LoggedIn(row, account, actor)


def log_out(uow: UnitOfWork, token: str) -> None:
    """End the session of this cookie."""
    row = uow.session.get(WebSession, _digest(token))
    if row is not None:
        row.ended_at = uow.now


def find_session(session: Session, token: str, now: datetime) -> LoggedIn | None:
    """Who the cookie belongs to; None when it ended, idled away, or its account or employment did."""
    found = session.execute(
        select(WebSession, Account)
        .join(Account, Account.id == WebSession.account_id)
        .where(WebSession.token_sha256 == _digest(token))
    ).one_or_none()
    if found is None:
        return None
    row, account = found
    over = row.ended_at is not None or account.disabled_at is not None
    if over or now - row.seen_at > IDLE_LIMIT or now - row.created_at > SESSION_LIMIT:
        return None
    try:
        actor = actor_for(session, account, row.employment_id, clock.local_date(now))
    except NotFoundError:
        return None
    return LoggedIn(row, account, actor)


def touch_session(uow: UnitOfWork, token: str) -> None:
    """Note that the session is in use."""
    row = uow.session.get(WebSession, _digest(token))
    if row is not None:
        row.seen_at = uow.now


def find_token_actor(session: Session, token: str, now: datetime) -> Actor | None:
    """Who a bearer token acts as; None when unknown, expired or revoked."""
    found = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.token_sha256 == _digest(token))
    ).one_or_none()
    if found is None:
        return None
    row, account = found
    if row.revoked_at is not None or row.expires_at <= now or account.disabled_at is not None:
        return None
    try:
        return actor_for(session, account, row.employment_id, clock.local_date(now))
    except NotFoundError:
        return None


def confirm_person(uow: UnitOfWork, token: str) -> None:
    """Note that the person behind a session was confirmed now: a signature within five minutes is their own act.

    Call it after `check_own_password`.

    Raises:
        ForbiddenError: there is no such session of the account that acts.
    """
    row = uow.session.get(WebSession, _digest(token), with_for_update=True)
    if row is None or row.account_id != uow.actor.account_id:
        raise ForbiddenError
    row.confirmed_at = uow.now


def check_account_throttle(session: Session, actor: Actor, network: bytes, now: datetime, *, field: str) -> None:
    """As `check_throttle`, for the account an actor uses.

    Raises:
        TooManyAttemptsError: by name or by network.
    """
    check_throttle(session, session.get_one(Account, actor.account_id).username, network, now, field=field)


def note_own_attempt(uow: UnitOfWork, actor: Actor, network: bytes, *, succeeded: bool) -> None:
    """As `note_attempt`, for the account an actor uses."""
    account = uow.session.get_one(Account, actor.account_id)
    note_attempt(uow, account.username, network, succeeded=succeeded)


def check_own_password(uow: UnitOfWork, password: str, *, field: str = "password") -> None:
    """Insist that whoever acts knows the password of the account; pages and API ask through `take_password`.

    Raises:
        LoginRefusedError: it does not fit.
    """
    account = uow.session.get_one(Account, uow.actor.account_id)
    if not password_fits(account.password_hash, password):
        raise LoginRefusedError(_l("The password is not right."), field=field)


def check_confirmed(confirmed_at: datetime | None, now: datetime) -> None:
    """Insist that the person confirmed who they are in the last five minutes.

    Raises:
        ConfirmationNeededError: too long ago, or never.
    """
    if confirmed_at is None or now - confirmed_at > FRESH:
        raise ConfirmationNeededError(_l("Confirm with your password: the last time was more than 5 minutes ago."))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
