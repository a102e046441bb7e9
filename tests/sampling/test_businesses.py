"""The business register."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import category_id
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from sampling.models import Business, BusinessFood
from sampling.services.businesses import BusinessInput, close_business, register_business
from sampling.types import AreaType, PlaceKind
from tests.factories.people import Somebody, make_organisation, make_person
from tests.factories.sampling import LEEK

FITTING, UNFIT = "91371402MA3C5T882K", "91371402MA3C5T8820"


@pytest.fixture
def planner(session: Session) -> Somebody:
    return make_person(make_organisation(OrganisationKind.REGULATOR), Role.PLANNER)


def register(planner: Somebody, foods: tuple[str, ...] = (LEEK,), **changes: Any) -> Any:
    values: dict[str, Any] = {
        "name": "清河县惠民超市",
        "address": "清河县人民路1号",
        "region_code": "371402",
        "area_type": AreaType.URBAN,
        "place_kind": PlaceKind.SUPERMARKET,
        "regulator_id": planner.actor.organisation_id,
    }
    with unit_of_work(planner.actor) as uow:
        return register_business(uow, BusinessInput(**(values | changes)), [category_id(code) for code in foods]).id


def test_a_business_stands_in_the_register_with_its_foods(session: Session, planner: Somebody):
    business_id = register(planner, (LEEK, "34-9", LEEK))
    sold = session.scalars(sa.select(BusinessFood.food_category_id).where(BusinessFood.business_id == business_id))
    assert set(sold) == {category_id(LEEK), category_id("34-9")}


def test_a_code_that_does_not_fit_needs_a_note_and_is_then_taken(session: Session, planner: Somebody):
    with pytest.raises(InvalidInputError) as refusal:
        register(planner, uscc=UNFIT)
    assert refusal.value.field == "uscc"
    business_id = register(planner, uscc=UNFIT, uscc_note="执照如此")
    assert session.get_one(Business, business_id).uscc == UNFIT


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("address", {"address": ""}),
        ("region_code", {"region_code": "999999"}),
        ("foods", {"foods": ()}),
    ],
)
def test_what_is_missing_is_named(session: Session, planner: Somebody, field, changes):
    with pytest.raises(InvalidInputError) as refusal:
        register(planner, **changes)
    assert refusal.value.field == field


def test_nobody_registers_businesses_of_another_regulator(session: Session, planner: Somebody):
    with pytest.raises(NotFoundError):
        register(planner, regulator_id=make_organisation(OrganisationKind.REGULATOR))
    with pytest.raises(InvalidInputError):
        register(planner, regulator_id=make_organisation(OrganisationKind.LAB))


def test_a_closed_business_closes_once(session: Session, planner: Somebody):
    business_id = register(planner)
    with unit_of_work(planner.actor) as uow:
        close_business(uow, business_id, date(2026, 9, 1))
    with pytest.raises(ConflictError), unit_of_work(planner.actor) as uow:
        close_business(uow, business_id, date(2026, 9, 2))
    stranger = make_person(make_organisation(OrganisationKind.REGULATOR), Role.PLANNER)
    with pytest.raises(NotFoundError), unit_of_work(stranger.actor) as uow:
        close_business(uow, business_id, date(2026, 9, 2))
