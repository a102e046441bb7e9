"""What the bench prepares: dilution, expiry, what it comes from, and what a batch was measured with."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from instruments.models import Instrument
from instruments.services.readings import take_readings
from instruments.services.record import begin_reagent_lot
from lims import clock
from lims.auth.permissions import Role
from lims.db import db
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import LOCALE_COOKIE
from lims.quantities import UnitMismatchError, parse_unit
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.expiry.queries import board
from results.expiry.types import ExpiryKind
from results.preparations import services
from results.preparations.models import Preparation
from results.preparations.queries import ancestry, list_preparations, made_from, materials_of_batch, used_in
from results.preparations.rules import diluted, dilution_factor
from results.preparations.types import PreparationKind, Recipe, Taken
from results.quality.services.lots import note_lot
from results.quality.types import LotKind
from tests.factories.instruments import make_delivered
from tests.factories.people import make_organisation, make_person
from tests.factories.quality import METHOD, make_batch, make_quality_manager, make_sets
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

ML, L, G = parse_unit("mL"), parse_unit("L"), parse_unit("g")
AMOUNTS = st.integers(1, 10**6).map(lambda n: Decimal(n) / 1000)


@given(taken=AMOUNTS, final=AMOUNTS)
def test_the_unit_chosen_does_not_change_how_often_something_is_diluted(taken, final):
    assert dilution_factor(taken, ML, final, ML) == dilution_factor(taken, ML, final / 1000, L)


@given(concentration=AMOUNTS, factors=st.lists(st.sampled_from([2, 5, 10, 100]), max_size=4))
def test_diluting_step_by_step_is_diluting_once(concentration, factors):
    step_by_step, at_once = concentration, Decimal(1)
    for factor in factors:
        step_by_step, at_once = diluted(step_by_step, Decimal(factor)), at_once * factor
    assert step_by_step == diluted(concentration, at_once)


def test_a_mass_is_no_volume():
    with pytest.raises(UnitMismatchError):
        dilution_factor(Decimal(1), G, Decimal(100), ML)


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_quality_manager(team)


def today():
    return clock.local_date(clock.now())


def certified(manager, *, lot_no="GSB-1", days=300):
    with unit_of_work(manager.actor) as uow:
        note_lot(
            uow,
            kind=LotKind.REFERENCE,
            name="铅单元素标准溶液",
            lot_no=lot_no,
            certificate_no="C-1",
            expires_on=today() + timedelta(days=days),
        )
    return lot_no


def stock_of(lot_no, **changed):
    ordinary = Recipe(
        kind=PreparationKind.STANDARD,
        name="铅标准储备液",
        parents=(Taken(lot_no, "50 mL"),),
        final_amount="50 mL",
        concentration="1000 mg/L",
        expires_on=today() + timedelta(days=90),
    )
    return replace(ordinary, **changed)


def working_of(number, **changed):
    ordinary = Recipe(
        kind=PreparationKind.STANDARD,
        name="铅标准使用液",
        parents=(Taken(number, "1 mL"),),
        final_amount="0.1 L",
        expires_on=today() + timedelta(days=7),
    )
    return replace(ordinary, **changed)


def prepare(team, recipe):
    with unit_of_work(team.tester.actor) as uow:
        made = services.prepare(uow, recipe)
        uow.session.expunge(made)
        return made


def use(team, batch, number):
    with unit_of_work(team.tester.actor) as uow:
        services.use_in_batch(uow, batch.batch_no, number)


def later(monkeypatch, days):
    then = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: then)


def verified(session):
    return [one.violations for one in run_checks(session, "preparations")]


def test_the_concentration_of_a_dilution_follows_from_what_was_taken(session, team, manager):
    stock = prepare(team, stock_of(certified(manager)))
    working = prepare(team, working_of(stock.preparation_no))
    assert (working.dilution_factor, working.concentration, working.unit) == (Decimal(100), Decimal(10), "mg/L")
    assert verified(session) == [0, 0, 0]


def test_everything_that_it_comes_from_can_be_followed_back(session, team, manager):
    lot_no = certified(manager)
    stock = prepare(team, stock_of(lot_no))
    working = prepare(team, working_of(stock.preparation_no))
    found = [(one.depth, one.material.number, str(one.parent.taken)) for one in ancestry(session, working.id)]
    assert found == [(1, stock.preparation_no, "1"), (2, lot_no, "50")]
    assert [one.id for one in made_from(session, stock.id)] == [working.id]


def test_a_given_concentration_that_does_not_follow_is_refused_with_both_figures(team, manager):
    stock = prepare(team, stock_of(certified(manager)))
    with pytest.raises(InvalidInputError, match=r"12 mg/L.*10\.00 mg/L") as refused:
        prepare(team, working_of(stock.preparation_no, concentration="12 mg/L"))
    assert refused.value.field == "concentration"


def test_a_standard_without_any_concentration_is_refused(team, manager):
    with pytest.raises(InvalidInputError, match="Give the concentration"):
        prepare(team, stock_of(certified(manager), concentration=""))


@pytest.mark.parametrize("amount", ["much", "0 mL", "10", "-1 mL", "未检出"])
def test_what_is_no_amount_is_refused_as_it_was_typed(team, manager, amount):
    with pytest.raises(InvalidInputError, match=f"“{amount}”"):
        prepare(team, stock_of(certified(manager), final_amount=amount))


def test_a_weighed_amount_of_a_solution_is_refused(team, manager):
    stock = prepare(team, stock_of(certified(manager)))
    with pytest.raises(InvalidInputError, match="two volumes or two masses"):
        prepare(team, working_of(stock.preparation_no, parents=(Taken(stock.preparation_no, "1 g"),)))


def test_nothing_outlives_what_it_was_made_from(team, manager):
    lot_no = certified(manager, days=30)
    with pytest.raises(InvalidInputError, match=lot_no) as refused:
        prepare(team, stock_of(lot_no))
    assert refused.value.field == "expires_on"


def test_an_expired_parent_is_refused_by_lot_and_day(monkeypatch, team, manager):
    lot_no = certified(manager, days=5)
    expired_on = today() + timedelta(days=5)
    later(monkeypatch, 6)
    with pytest.raises(ConflictError, match=f"{lot_no}.*{expired_on.isoformat()}"):
        prepare(team, stock_of(lot_no))


def test_what_goes_by_no_number_is_refused(team):
    with pytest.raises(InvalidInputError, match="NONE-1"):
        prepare(team, stock_of("NONE-1"))


def test_a_number_that_two_lots_share_is_refused_with_their_names(team, manager):
    certified(manager)
    with unit_of_work(manager.actor) as uow:
        note_lot(uow, kind=LotKind.CONTROL, name="质控样", lot_no="GSB-1", expires_on=today() + timedelta(days=300))
    with pytest.raises(InvalidInputError, match="质控样"):
        prepare(team, stock_of("GSB-1"))


def test_the_material_of_another_laboratory_is_not_there(team, manager):
    other = make_team()
    with pytest.raises(InvalidInputError, match="No preparation"):
        prepare(other, stock_of(certified(manager)))


def test_a_homogenate_is_made_of_a_sample_of_this_laboratory(team):
    [made] = make_sets(team, 1)
    recipe = Recipe(
        kind=PreparationKind.HOMOGENATE,
        name="韭菜匀浆",
        blind_code=made.blind_code.lower(),
        final_amount="200 g",
        expires_on=today() + timedelta(days=3),
    )
    assert prepare(team, recipe).test_set_id == made.id
    with pytest.raises(NotFoundError):
        prepare(make_team(), recipe)


def test_a_reagent_of_an_instrument_is_a_parent_too(session, team):
    with unit_of_work(team.tester.actor) as uow:
        take_readings(uow, "农残仪", [make_delivered()])
        instrument_id = uow.session.scalars(sa.select(Instrument.id).where(Instrument.name == "农残仪")).one()
        begin_reagent_lot(uow, instrument_id, name="酶试剂", lot_no="E-1", expires_on=today() + timedelta(days=200))
    recipe = stock_of("E-1", kind=PreparationKind.SOLUTION, concentration="", name="酶工作液")
    made = prepare(team, recipe)
    assert [one.material.name for one in ancestry(session, made.id)] == ["酶试剂"]


def test_a_batch_names_what_it_was_measured_with_once(session, team, manager):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    stock = prepare(team, stock_of(certified(manager)))
    use(team, batch, stock.preparation_no)
    use(team, batch, "GSB-1")
    assert [one.number for one in materials_of_batch(session, batch.id)] == [stock.preparation_no, "GSB-1"]
    assert [one.id for one in used_in(session, stock.id)] == [batch.id]
    with pytest.raises(ConflictError, match="names this material already"):
        use(team, batch, stock.preparation_no)


def test_what_expired_goes_into_no_batch(monkeypatch, session, team, manager):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    stock = prepare(team, stock_of(certified(manager)))
    working = prepare(team, working_of(stock.preparation_no))
    later(monkeypatch, 8)
    with pytest.raises(ConflictError, match=f"{working.preparation_no}.*{working.expires_on.isoformat()}"):
        use(team, batch, working.preparation_no)
    use(team, batch, stock.preparation_no)


def test_what_was_thrown_away_is_used_no_more(session, team, manager):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    stock = prepare(team, stock_of(certified(manager)))
    with unit_of_work(team.tester.actor) as uow:
        services.discard(uow, stock.preparation_no, "瓶口破损")
    with pytest.raises(ConflictError, match="瓶口破损"):
        use(team, batch, stock.preparation_no)
    with unit_of_work(team.tester.actor) as uow, pytest.raises(ConflictError, match="already"):
        services.discard(uow, stock.preparation_no, "again")
    assert list_preparations(session, team.lab_id, today(), only_usable=True) == []
    assert len(list_preparations(session, team.lab_id, today())) == 1


def test_a_preparation_stands_on_the_expiry_board(session, team, manager):
    stock = prepare(team, stock_of(certified(manager)))
    found = [row.ending.detail for row in board(session, team.lab_id, today(), ExpiryKind.MATERIAL)]
    assert found == [stock.preparation_no, "GSB-1"]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE preparation SET concentration = 11 WHERE dilution_factor IS NOT NULL", 0),
        ("UPDATE preparation SET expires_on = expires_on + 900", 1),
        ("UPDATE batch_material SET noted_at = noted_at + interval '900 days'", 2),
    ],
)
def test_a_change_by_the_owner_is_found(committed_database, statement, place):
    team = make_team()
    stock = prepare(team, stock_of(certified(make_quality_manager(team))))
    prepare(team, working_of(stock.preparation_no))
    [made] = make_sets(team, 1)
    use(team, make_batch(team, METHOD, [made.blind_code]), stock.preparation_no)
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
    with db.new_session() as session:
        assert verified(session)[place] > 0


# pages and API


def send(client, page, **fields):
    return client.post(page, data={"csrf_token": csrf_token(client, page), **fields})


@pytest.mark.parametrize(("locale", "word"), [("en", "Write down a preparation"), ("zh_Hans_CN", "登记配制")])
def test_the_list_reads_in_both_languages(client, team, manager, locale, word):
    stock = prepare(team, stock_of(certified(manager)))
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, locale)
    page = client.get("/quality/preparations/").get_data(as_text=True)
    assert word in page
    assert stock.preparation_no in page


def test_a_preparation_is_written_down_used_and_thrown_away_on_its_pages(client, session, team, manager):
    lot_no = certified(manager)
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, "en")
    fields = {
        "kind": "standard",
        "name": "铅标准储备液",
        "parents-0-number": lot_no,
        "parents-0-amount": "50 mL",
        "final_amount": "50 mL",
        "expires_on": (today() + timedelta(days=9)).isoformat(),
    }
    refused = send(client, "/quality/preparations/new", concentration="much", **fields)
    assert refused.status_code == 422
    assert 'value="much"' in refused.get_data(as_text=True)
    done = send(client, "/quality/preparations/new", concentration="1000 mg/L", **fields)
    assert done.status_code == 303
    number = session.scalars(sa.select(Preparation.preparation_no)).one()
    page = f"/quality/preparations/of-batch/{batch.batch_no}"
    assert send(client, page, number="NONE-1").status_code == 422
    assert send(client, page, number=number).status_code == 303
    assert number in client.get(page).get_data(as_text=True)
    own = f"/quality/preparations/{number}"
    assert batch.batch_no in client.get(own).get_data(as_text=True)
    assert send(client, own, reason="变浑浊").status_code == 303
    assert "变浑浊" in client.get(own).get_data(as_text=True)


def test_the_api_does_what_the_pages_do(client, team, manager):
    lot_no = certified(manager)
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    headers = bearer(team.tester)
    body = {
        "kind": "standard",
        "name": "铅标准储备液",
        "parents": [{"number": lot_no, "amount": "50 mL"}],
        "final_amount": "50 mL",
        "concentration": "1000 mg/L",
        "expires_on": (today() + timedelta(days=9)).isoformat(),
    }
    stock = client.post("/api/v1/preparations", json=body, headers=headers).json
    assert (stock["concentration"], stock["ancestry"][0]["material"]["number"]) == ("1000", lot_no)
    address = f"/api/v1/batches/{batch.batch_no}/materials"
    used = client.post(address, json={"number": stock["number"]}, headers=headers).json
    assert [one["number"] for one in used["items"]] == [stock["number"]]
    assert client.get(f"/api/v1/preparations/{stock['number']}", headers=headers).json["batches"] == [batch.batch_no]
    away = client.post(f"/api/v1/preparations/{stock['number']}/discarding", json={"reason": "x"}, headers=headers)
    assert away.json["discarded_at"] is not None
    stranger = bearer(make_person(make_organisation(), Role.TESTER))
    assert client.get(f"/api/v1/preparations/{stock['number']}", headers=stranger).status_code == 404
