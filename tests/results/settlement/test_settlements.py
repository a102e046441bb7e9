"""Settlements: which price holds, what the fate of a sample takes away, and that both sides agree before payment."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.settlement import queries, services
from results.settlement.models import Settlement
from results.settlement.rules import UNPAID, kind_of, line_of, price_on
from results.settlement.services import NotSettledError
from results.settlement.types import LineKind, Price, SettledSample
from results.settlement.verification import check_settlements
from tests.conftest import NOW
from tests.factories.people import make_person
from tests.factories.results import make_signed_report
from tests.factories.sampling import VEGETABLES, make_team
from tests.factories.web import bearer, csrf_token, log_in

TODAY = NOW.date()
DAY = timedelta(days=1)
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
amounts = st.decimals("0.01", 9999, places=2)
prices = st.lists(st.builds(Price, st.sampled_from([None, "01", "34"]), amounts, days), max_size=8)
samples = st.builds(
    SettledSample,
    sample_id=st.just(uuid4()),
    sampling_no=st.just("XBJ"),
    category_code=st.sampled_from(["01", "34"]),
    ended_on=days,
    due_on=st.none() | days,
    is_refused=st.booleans(),
    is_not_tested=st.booleans(),
    is_overturned=st.booleans(),
)


@given(prices, st.sampled_from(["01", "34"]), days)
def test_the_newest_price_of_the_category_holds_else_the_newest_common_one(agreed, code, day):
    found = price_on(agreed, code, day)
    own = [one for one in agreed if one.category_code == code and one.valid_from <= day]
    common = [one for one in agreed if one.category_code is None and one.valid_from <= day]
    fitting = own or common
    if not fitting:
        assert found is None
        return
    newest = max(one.valid_from for one in fitting)
    assert found in {one.amount for one in fitting if one.valid_from == newest}


@given(samples, amounts, st.decimals(0, 100, places=1))
def test_nobody_is_paid_more_than_the_price_nor_anything_without_a_standing_result(sample, price, late):
    line = line_of(sample, price, late)
    assert 0 <= line.deduction <= line.price == price
    assert line.amount == line.price - line.deduction
    if line.kind in UNPAID:
        assert line.amount == 0
    if line.kind is LineKind.TESTED:
        assert line.amount == price


@given(samples)
def test_a_report_is_late_from_the_day_after_its_last(sample):
    is_void = sample.is_refused or sample.is_not_tested or sample.is_overturned
    is_late = sample.due_on is not None and sample.ended_on > sample.due_on
    assert (kind_of(sample) is LineKind.LATE) == (is_late and not is_void)


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def head(team):
    return make_person(team.lab_id, Role.LAB_HEAD)


def agree(team, amount="1200", *, code=None, since=date(2026, 1, 1)):
    with unit_of_work(team.planner.actor) as uow:
        services.set_price(uow, team.lab_id, code, Decimal(amount), valid_from=since, contract="合同1号")


def settle(team, first=TODAY - 30 * DAY, last=TODAY):
    with unit_of_work(team.planner.actor) as uow:
        return services.draw_up(uow, team.lab_id, first, last).id


def test_a_period_is_settled_once_sample_by_sample(session, team):
    made = [make_signed_report(team) for _ in range(2)]
    agree(team)
    agree(team, "900.50", code=VEGETABLES)
    settlement = session.get_one(Settlement, settle(team))
    assert (settlement.samples, settlement.total) == (2, Decimal("1801.00"))
    rows = queries.lines_of(session, settlement.id)
    assert {row.line.sample_id for row in rows} == {one.sample_id for one in made}
    assert {row.line.kind for row in rows} == {LineKind.TESTED}
    with pytest.raises(NotSettledError):
        settle(team)
    assert check_settlements(session).violations == 0


def test_what_has_no_price_is_named_and_nothing_is_drawn_up(session, team):
    make_signed_report(team)
    with pytest.raises(NotSettledError, match=VEGETABLES):
        settle(team)
    assert queries.list_settlements(session, team.planner.actor) == []


@pytest.mark.parametrize("period", [(TODAY, TODAY - DAY), (TODAY, TODAY + DAY)], ids=["backwards", "not over"])
def test_a_period_that_cannot_be_settled_is_refused(team, period):
    with pytest.raises(InvalidInputError):
        settle(team, *period)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1000000"])
def test_a_price_that_cannot_be_right_is_refused_and_shown(team, amount):
    with pytest.raises(InvalidInputError, match=amount.lstrip("-")):
        agree(team, amount)


def test_one_day_has_one_price(team):
    agree(team)
    with pytest.raises(ConflictError):
        agree(team, "1300")


def test_a_withdrawn_settlement_opens_its_samples_again(session, team, head):
    make_signed_report(team)
    agree(team)
    first = settle(team)
    with unit_of_work(team.planner.actor) as uow:
        services.withdraw_settlement(uow, first, "单价有误")
    for act in (services.confirm_settlement, lambda uow, one: services.withdraw_settlement(uow, one, "再次")):
        with pytest.raises((NotSettledError, NotFoundError)), unit_of_work(head.actor) as uow:
            act(uow, first)
    second = settle(team)
    assert second != first
    session.expire_all()
    assert check_settlements(session).violations == 0


def test_nothing_is_paid_before_the_laboratory_agreed_and_nothing_twice(session, team, head):
    make_signed_report(team)
    agree(team)
    made = settle(team)

    def pay(day=TODAY, voucher="PZ-1"):
        with unit_of_work(team.planner.actor) as uow:
            services.note_payment(uow, made, voucher, day)

    with pytest.raises(NotSettledError):
        pay()
    assert queries.count_unconfirmed(session, head.actor) == 1
    with pytest.raises(NotFoundError), unit_of_work(team.planner.actor) as uow:
        services.confirm_settlement(uow, made)
    with unit_of_work(head.actor) as uow:
        services.confirm_settlement(uow, made)
    with pytest.raises(NotSettledError), unit_of_work(team.planner.actor) as uow:
        services.withdraw_settlement(uow, made, "迟了")
    for wrong in ({"day": TODAY + DAY}, {"voucher": " "}):
        with pytest.raises(InvalidInputError):
            pay(**wrong)
    pay()
    with pytest.raises(NotSettledError):
        pay()


def test_another_laboratory_sees_nothing_of_it(session, team):
    make_signed_report(team)
    agree(team)
    made = settle(team)
    stranger = make_person(make_team().lab_id, Role.LAB_HEAD)
    with pytest.raises(NotFoundError):
        queries.get_settlement(session, stranger.actor, made)
    assert queries.list_settlements(session, stranger.actor) == []


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


SPOKEN = [("en", "Tested in time", "Waits for the laboratory"), ("zh_Hans_CN", "按期完成", "待检验机构确认")]


@pytest.fixture
def parties(team, head):
    return team, head


@pytest.mark.parametrize("spoken", SPOKEN, ids=["en", "zh"])
def test_it_is_walked_from_the_price_to_the_payment(client, session, parties, spoken):
    (team, head), (locale, tested, waits) = parties, spoken
    make_signed_report(team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.planner)
    lab, day = str(team.lab_id), "2026-01-01"
    prices_page = "/settlements/prices/"
    price = {"lab_id": lab, "category_code": "", "amount": "many", "valid_from": day, "contract": "合同1号"}
    wrong = post(client, prices_page, prices_page, **price)
    assert wrong.status_code == 422
    assert "合同1号" in wrong.text
    assert post(client, prices_page, prices_page, **price | {"amount": "1200"}).status_code == 303
    period = {"lab_id": lab, "first_day": "2026-08-15", "last_day": TODAY.isoformat()}
    looked = post(client, "/settlements/new", "/settlements/new", **period, act="look")
    assert looked.status_code == 200
    assert tested in looked.text
    assert session.query(Settlement).count() == 0
    made = post(client, "/settlements/new", "/settlements/new", **period, act="draw_up").headers["Location"]
    assert waits in client.get(made).text
    log_in(client, head)
    assert post(client, made, f"{made}/confirmation").status_code == 303
    assert "1200.00" in client.get(f"{made}/lines.csv").data.decode("utf-8-sig")
    log_in(client, team.planner)
    assert post(client, made, f"{made}/withdrawal", reason="x").status_code == 409
    pay = f"{made}/payment"
    assert post(client, pay, pay, voucher_no="PZ-9", paid_on=TODAY.isoformat()).status_code == 303
    assert "PZ-9" in client.get(made).text


def test_it_is_drawn_up_and_confirmed_by_api(client, team, head):
    make_signed_report(team)
    agree(team)
    path = "/api/v1/settlements"
    body = {"lab_id": str(team.lab_id), "first_day": "2026-08-15", "last_day": TODAY.isoformat()}
    made = client.post(path, json=body, headers=bearer(team.planner)).json
    assert made["total"] == "1200.00"
    assert client.post(f"{path}/{made['id']}/confirmation", headers=bearer(head)).json["confirmed_at"]
    assert client.get(path, headers=bearer(head)).json["settlements"][0]["id"] == made["id"]
