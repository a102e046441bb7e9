"""Values of people and organisations."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from lims.actors import OrganisationKind


class AuthorisationKind(StrEnum):
    """What somebody is trained for and may answer for."""

    SIGN = "sign"
    SAMPLE = "sample"
    TEST = "test"
    CUSTODY = "custody"


class AuthorisationState(StrEnum):
    """Where an authorisation stands on a day."""

    IN_FORCE = "in_force"
    TO_COME = "to_come"
    ENDED = "ended"
    EXTENDED = "extended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class HeldAuthorisation:
    """One authorisation as it is judged.

    Attributes:
        category_codes: major categories it is limited to; empty for all foods.
        method_codes: methods of a tester it is limited to, as on the method row; empty for all.
        valid_to: the last day.
        revoked_on: the day on which it was taken away; it held until the moment before.
    """

    id: UUID
    person_id: UUID
    organisation_id: UUID
    kind: AuthorisationKind
    category_codes: frozenset[str]
    method_codes: frozenset[str]
    valid_from: date
    valid_to: date
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True)
class AuthorisationNotice:
    """What somebody has to be told about one kind: `ended_on` when nothing holds any more, `ends_on` when it ends soon.

    Neither is set for somebody who never had one.
    """

    kind: AuthorisationKind
    ends_on: date | None = None
    ended_on: date | None = None


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
    """One employment with all that an act is judged by; the roles are those it carries now."""

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
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the administrator's list shows it; `organisation` is the row with both names."""

    account_id: UUID
    name: str
    username: str
    organisation: Any
    roles: frozenset[str]
    disabled_at: datetime | None
