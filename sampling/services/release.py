"""Giving back a side of a plan that was taken at an assignment and never used."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from sampling.models import OrganisationDuty, PersonPlanDuty
from sampling.queries.duties import visits_of_party, visits_of_person
from sampling.services.plans import lock_plan


@dataclass(frozen=True, slots=True)
class DutyKey:
    """Whose side: that of a person in the plan, or of a company group in one category of it."""

    person_id: UUID | None = None
    party_id: UUID | None = None
    category_id: UUID | None = None

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "DutyKey":
        """As a form names it.

        Raises:
            InvalidInputError: neither a person nor a group with its category.
        """
        try:
            key = cls(**{name: UUID(values[name]) for name in cls.__slots__ if values.get(name)})
        except ValueError as error:
            raise InvalidInputError(_l("Name a person, or a company group with its category.")) from error
        return key.checked()

    def checked(self) -> "DutyKey":
        """This key, if it names one duty.

        Raises:
            InvalidInputError: neither a person nor a group with its category.
        """
        is_group = self.party_id is not None and self.category_id is not None
        if (self.person_id is not None) == is_group:
            raise InvalidInputError(_l("Name a person, or a company group with its category."))
        return self


def release_plan_duty(uow: UnitOfWork, plan_id: UUID, key: DutyKey) -> None:
    """Give back a side that nobody acted on and no visit to come needs.

    Locks the plan, so that no visit is issued meanwhile; the keys of the acts refuse whatever was acted upon.

    Raises:
        NotFoundError: no such plan or duty.
        InvalidInputError: the key names none.
        ConflictError: somebody acted on it, or a visit to come needs it.
    """
    lock_plan(uow, plan_id)
    key.checked()
    duty: type[PersonPlanDuty | OrganisationDuty]
    if key.person_id is not None:
        duty, scope = PersonPlanDuty, {"plan_id": plan_id, "person_id": key.person_id}
        needed = uow.session.scalar(select(visits_of_person(plan_id, key.person_id)))
    else:
        assert key.category_id is not None  # noqa: S101 - checked
        assert key.party_id is not None  # noqa: S101 - checked
        duty = OrganisationDuty
        scope = {"plan_id": plan_id, "category_id": key.category_id, "party_id": key.party_id}
        needed = uow.session.scalar(select(visits_of_party(plan_id, key.category_id, key.party_id)))
    if needed:
        raise ConflictError(_l("%(count)s visits to come need this side; take them back first.", count=needed))
    conditions: list[ColumnElement[bool]] = [getattr(duty, name) == value for name, value in scope.items()]
    try:
        gone = uow.session.scalar(delete(duty).where(*conditions).returning(duty.side))
    except IntegrityError as error:
        raise ConflictError(_l("Somebody acted on this side; it stays.")) from error
    if gone is None:
        raise NotFoundError
    uow.record(f"plan:{plan_id}", duty.__tablename__, scope, None)
