"""Values of people and organisations."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from lims.actors import OrganisationKind


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """An identity document as it is shown: never stored, only its keyed digest."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person as the choice lists of one organisation show them."""

    person_id: UUID
    employment_id: UUID
    name: str
    roles: frozenset[str]
    officer_no: str | None


@dataclass(frozen=True, slots=True)
class EmploymentFacts:
    """One employment with all that an act is judged by."""

    employment_id: UUID
    person_id: UUID
    person_name: str
    organisation_id: UUID
    organisation_kind: OrganisationKind
    organisation_name_zh: str
    organisation_name_en: str
    party_id: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the administrator's list shows it; `organisation` is the row with both names."""

    account_id: UUID
    name: str
    username: str
    organisation: Any
    roles: frozenset[str]
    disabled_at: datetime | None
