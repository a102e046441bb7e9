"""What people do with their own accounts, and administrators with those of others."""

import secrets
from uuid import UUID

import pyotp
from sqlalchemy import select, update

from lims.auth.login import TOTP_SECONDS, check_code
from lims.auth.passwords import hash_password, password_fits
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.events import AccountEnabled, PasswordReset, SecondFactorChanged
from lims.people.models import Account, ApiToken, WebSession
from lims.people.services import MIN_PASSWORD
from lims.uow import UnitOfWork

MADE_PASSWORD_BYTES = 12  # 96 bits, told once and changed by its owner
SECRET_LENGTH = 32  # base32 characters, 160 bits: what RFC 4226 recommends
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def get_account(uow: UnitOfWork, account_id: UUID) -> Account:
    """The account, its row locked until the commit.

    Raises:
        NotFoundError: no such account.
    """
    account = uow.session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFoundError
    return account


def check_password_length(password: str, field: str) -> None:
    """Insist on a password that is long enough.

    Raises:
        InvalidInputError: it is too short; tells its length and the least one.
    """
    if len(password) < MIN_PASSWORD:
        raise InvalidInputError(
            _l(
                "The password has %(length)s characters, expected at least %(least)s.",
                length=len(password),
                least=MIN_PASSWORD,
            ),
            field=field,
        )


def change_password(uow: UnitOfWork, account_id: UUID, old: str, new: str, *, keep_session: bytes | None) -> None:
    """Change one's own password; every other session of the account ends.

    Args:
        uow: the transaction.
        account_id: whose.
        old: the password until now.
        new: the password from now on.
        keep_session: digest of the session that goes on, the one this is asked from.

    Raises:
        InvalidInputError: the old password is not right, or the new one is too short or the same.
    """
    account = get_account(uow, account_id)
    if not password_fits(account.password_hash, old):
        raise InvalidInputError(_l("The password is not right."), field="old")
    check_password_length(new, "new")
    if new == old:
        raise InvalidInputError(_l("The new password is the old one; choose another."), field="new")
    _set_password(uow, account, new)
    _end_sessions(uow, account_id, keep_session)


def reset_password(uow: UnitOfWork, account_id: UUID) -> str:
    """Give an account a made-up password, told once; its sessions end.

    Emits: PasswordReset.
    """
    account = get_account(uow, account_id)
    made = secrets.token_urlsafe(MADE_PASSWORD_BYTES)
    _set_password(uow, account, made)
    _end_sessions(uow, account_id, None)
    uow.emit(PasswordReset(person_id=account.person_id, account_id=account_id))
    return made


def _set_password(uow: UnitOfWork, account: Account, password: str) -> None:
    account.password_hash = hash_password(password)
    account.password_changed_at = uow.now


def enable_account(uow: UnitOfWork, account_id: UUID) -> None:
    """Let a disabled account log in again; its old sessions and tokens stay ended.

    Raises:
        ConflictError: it is not disabled.
    Emits: AccountEnabled.
    """
    account = get_account(uow, account_id)
    if account.disabled_at is None:
        raise ConflictError(_l("This account is not disabled."))
    account.disabled_at = None
    uow.emit(AccountEnabled(person_id=account.person_id, account_id=account_id))


def enrol_second_factor(uow: UnitOfWork, account_id: UUID, secret: str, code: str) -> None:
    """Ask for a one-time code at every login from now on; the device proves with a code that it has the secret.

    Raises:
        ConflictError: the account has a device already.
        LoginRefusedError: the code is not the one of this secret now.
    Emits: SecondFactorChanged.
    """
    account = get_account(uow, account_id)
    if account.totp_secret is not None:
        raise ConflictError(_l("This account has a device already; take it away first."))
    account.totp_secret = secret
    check_code(account, code, uow.now)
    uow.emit(SecondFactorChanged(person_id=account.person_id, account_id=account_id, is_enrolled=True))


def remove_second_factor(uow: UnitOfWork, account_id: UUID) -> None:
    """Ask for no code any more: the device is lost, or another one is to be enrolled.

    Raises:
        ConflictError: the account has no device.
    Emits: SecondFactorChanged.
    """
    account = get_account(uow, account_id)
    if account.totp_secret is None:
        raise ConflictError(_l("This account asks for no code."))
    account.totp_secret = account.totp_last_step = None
    uow.emit(SecondFactorChanged(person_id=account.person_id, account_id=account_id, is_enrolled=False))


def new_secret() -> str:
    """A secret for a device, in the form that authenticator apps take."""
    return pyotp.random_base32()


def device_uri(secret: str, username: str) -> str:
    """The address that a device reads from a QR picture."""
    return pyotp.TOTP(secret, interval=TOTP_SECONDS).provisioning_uri(name=username, issuer_name="Fenjian")


def revoke_token(uow: UnitOfWork, account_id: UUID, token_id: UUID) -> None:
    """End an API token of an account; the next request with it is refused.

    Raises:
        NotFoundError: the account has no such token.
    """
    token = uow.session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.account_id == account_id))
    if token is None:
        raise NotFoundError
    if token.revoked_at is None:
        token.revoked_at = uow.now


def end_other_sessions(uow: UnitOfWork, account_id: UUID, keep_session: bytes) -> None:
    """Log every other browser of this account out."""
    _end_sessions(uow, account_id, keep_session)


def _end_sessions(uow: UnitOfWork, account_id: UUID, keep_session: bytes | None) -> None:
    ended = update(WebSession).where(WebSession.account_id == account_id, WebSession.ended_at.is_(None))
    if keep_session is not None:
        ended = ended.where(WebSession.token_sha256 != keep_session)
    uow.session.execute(ended.values(ended_at=uow.now))


def is_secret(text: str) -> bool:
    """Whether a text is a secret as `new_secret` makes them."""
    return len(text) == SECRET_LENGTH and set(text) <= set(BASE32)
