"""Facts about people and organisations."""

from dataclasses import dataclass
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
