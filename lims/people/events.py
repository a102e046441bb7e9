"""Facts about people and organisations."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from lims.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRegistered(Event):
    """An organisation became known."""

    name: ClassVar[str] = "lims.organisation_registered.v1"
    organisation_id: UUID

    def chain(self) -> str:
        return f"organisation:{self.organisation_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEmployed(Event):
    """A person began to work in an organisation."""

    name: ClassVar[str] = "lims.person_employed.v1"
    person_id: UUID
    organisation_id: UUID
    employment_id: UUID

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Event):
    """An account can no longer log in, and its sessions and tokens ended."""

    name: ClassVar[str] = "lims.account_disabled.v1"
    person_id: UUID
    account_id: UUID

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnabled(Event):
    """A disabled account can log in again."""

    name: ClassVar[str] = "lims.account_enabled.v1"
    person_id: UUID
    account_id: UUID

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset(Event):
    """An administrator gave an account a new password."""

    name: ClassVar[str] = "lims.password_reset.v1"
    person_id: UUID
    account_id: UUID

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(Event):
    """An account asks for a one-time code from now on, or no longer."""

    name: ClassVar[str] = "lims.second_factor_changed.v1"
    person_id: UUID
    account_id: UUID
    is_enrolled: bool

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanged(Event):
    """What is known of an organisation was corrected, or it was closed."""

    name: ClassVar[str] = "lims.organisation_changed.v1"
    organisation_id: UUID

    def chain(self) -> str:
        return f"organisation:{self.organisation_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationGranted(Event):
    """A person may do something from a day on, or longer than before."""

    name: ClassVar[str] = "lims.authorisation_granted.v1"
    person_id: UUID
    authorisation_id: UUID
    kind: str
    valid_to: date

    def chain(self) -> str:
        return f"person:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRevoked(Event):
    """A person may no longer do something, before the day on which it would have ended."""

    name: ClassVar[str] = "lims.authorisation_revoked.v1"
    person_id: UUID
    authorisation_id: UUID
    kind: str

    def chain(self) -> str:
        return f"person:{self.person_id}"
