"""Password hashing: argon2id at the strength OWASP recommends for web logins."""

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

# 19 MiB, 2 passes, 1 lane: 30 ms on a small server; four people who log in at once do not stop the others.
_hasher = [PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)]


def use_hasher(hasher: PasswordHasher) -> None:
    """Replace the parameters; tests use the cheapest there are."""
    _hasher[:] = [hasher]


@contextmanager
def hashed_cheaply() -> Iterator[None]:
    """Spend no time on hashes until the block ends: for accounts whose password is printed on the screen anyway."""
    before = list(_hasher)
    use_hasher(PasswordHasher.from_parameters(profiles.CHEAPEST))
    try:
        yield
    finally:
        _hasher[:] = before


def hash_password(password: str) -> str:
    """The hash to store, with its own salt."""
    return _hasher[0].hash(password)


def password_fits(stored: str, password: str) -> bool:
    """Whether `password` is the one behind the stored hash; takes as long either way."""
    try:
        return _hasher[0].verify(stored, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def waste_time(password: str) -> None:
    """Hash for nothing, so that an unknown user name answers no faster than a known one."""
    _hasher[0].hash(password)
