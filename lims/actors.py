"""Who acts: a natural person in one of their employments, or the program itself."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class OrganisationKind(StrEnum):
    """What an organisation is in the sense of the Measures (domain.md §1)."""

    REGULATOR = "regulator"
    STATION = "station"
    SAMPLING_ORG = "sampling_org"
    LAB = "lab"
    MARKET = "market"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a use case, never merely the account: two accounts of one person are one actor.

    `organisation_id` is where the person acts now; `roles` are what that organisation gave them.
    """

    name: str
    person_id: UUID | None = None
    account_id: UUID | None = None
    employment_id: UUID | None = None
    organisation_id: UUID | None = None
    organisation_kind: OrganisationKind | None = None
    party_id: UUID | None = None
    roles: frozenset[str] = field(default_factory=frozenset)
    permissions: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_system(self) -> bool:
        """Whether the program acts by itself."""
        return self.person_id is None

    @property
    def ledger_name(self) -> str:
        """How the ledger names this actor: by id, so that a name can be forgotten."""
        return f"person:{self.person_id}" if self.person_id else f"system:{self.name}"

    def may(self, permission: str) -> bool:
        """Whether one of the roles carries `permission`."""
        return self.is_system or permission in self.permissions

    def require_person(self) -> UUID:
        """The person's id.

        Raises:
            RuntimeError: the program itself cannot do what only a person may answer for.
        """
        if self.person_id is None:
            raise RuntimeError(f"{self.name} is not a person, and this act needs one")
        return self.person_id

    def require_organisation(self) -> UUID:
        """The id of the organisation acted for.

        Raises:
            RuntimeError: nobody is acted for.
        """
        if self.organisation_id is None:
            raise RuntimeError(f"{self.name} acts for no organisation, and this act needs one")
        return self.organisation_id


def system(name: str) -> Actor:
    """The program acting by itself, named after the part that acts: `relay`, `beat`, `install`."""
    return Actor(name=name)


RELAY = system("relay")
BEAT = system("beat")
INSTALL = system("install")
PUBLIC = system("public")  # a citizen without an account: the act is theirs, the name is not known
