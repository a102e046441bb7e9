"""The business register: who can be drawn, for which foods, and when it closed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID, uuid4

from lims.actors import OrganisationKind
from lims.catalog.identifiers import Suspicious, check_uscc
from lims.catalog.queries import get_category, get_region
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.queries import get_organisation
from lims.uow import UnitOfWork
from sampling.models import Business, BusinessFood
from sampling.types import AreaType, PlaceKind

REGULATING = frozenset({OrganisationKind.REGULATOR, OrganisationKind.STATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessInput:
    """A business as its licence names it; the names are those of `business`."""

    name: str
    address: str
    region_code: str
    area_type: AreaType
    place_kind: PlaceKind
    regulator_id: UUID
    stall_no: str | None = None
    uscc: str | None = None
    uscc_note: str | None = None
    licence_kind: str | None = None
    licence_no: str | None = None
    legal_person: str | None = None
    contact: str | None = None
    phone: str | None = None
    market_organiser: str | None = None
    platform: str | None = None
    shop_url: str | None = None


def register_business(uow: UnitOfWork, business: BusinessInput, food_category_ids: Collection[UUID]) -> Business:
    """Put a business into the register, with the foods it can be drawn for.

    Raises:
        NotFoundError: no such organisation or food.
        InvalidInputError: no name or address, an unknown region, a code whose check digit does not fit and no note
            on why it stands so, no food, or an organisation that handles no businesses.
    """
    for name in ("name", "address"):
        if not getattr(business, name).strip():
            raise InvalidInputError(_l("Fill this in."), field=name)
    if get_region(uow.session, business.region_code) is None:
        raise InvalidInputError(_l("There is no region %(code)s.", code=business.region_code), field="region_code")
    _check_regulator(uow, business.regulator_id)
    checked = check_uscc(business.uscc) if business.uscc else None
    if isinstance(checked, Suspicious) and not business.uscc_note:
        raise InvalidInputError(
            _l("%(message)s If the licence says so all the same, note that.", message=checked.message),
            field="uscc",
        )
    if not food_category_ids:
        raise InvalidInputError(_l("Name at least one food that it sells or makes."), field="foods")
    for category_id in food_category_ids:
        get_category(uow.session, category_id)
    registered = Business(id=uuid4(), registered_at=uow.now, **asdict(business))
    registered.uscc = checked.text if checked else None
    uow.session.add(registered)
    uow.session.flush()
    uow.session.add_all(
        BusinessFood(business_id=registered.id, food_category_id=category_id)
        for category_id in sorted(set(food_category_ids))
    )
    uow.session.flush()
    return registered


def close_business(uow: UnitOfWork, business_id: UUID, closed_on: date) -> Business:
    """Take a business that has closed out of all draws to come.

    Raises:
        NotFoundError: no such business under the actor's organisation or its stations.
        ConflictError: it is closed already.
    """
    business = handled_business(uow, business_id)
    if business.closed_on is not None:
        raise ConflictError(_l("%(name)s is closed already.", name=business.name))
    business.closed_on = closed_on
    return business


def handled_business(uow: UnitOfWork, business_id: UUID) -> Business:
    """A business under the actor's organisation or its stations, its row locked until the commit.

    Raises:
        NotFoundError: there is none.
    """
    business = uow.session.get(Business, business_id, with_for_update=True)
    own = uow.actor.require_organisation()
    if business is None or own not in {
        business.regulator_id,
        get_organisation(uow.session, business.regulator_id).superior_id,
    }:
        raise NotFoundError
    return business


def _check_regulator(uow: UnitOfWork, organisation_id: UUID) -> None:
    regulator = get_organisation(uow.session, organisation_id)
    if regulator.kind not in REGULATING:
        raise InvalidInputError(
            _l("%(name)s is not a regulator or one of its stations.", name=regulator.name_zh), field="regulator_id"
        )
    if uow.actor.organisation_id not in {regulator.id, regulator.superior_id}:
        raise NotFoundError
