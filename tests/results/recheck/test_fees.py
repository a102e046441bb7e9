"""The fee of a recheck and who bears it, the method of each result, the first laboratory that may watch, the sheet."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.catalog.services import set_parameter
from lims.db import db
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.recheck import queries, services
from results.recheck.models import Recheck, RecheckFee, RecheckResult
from results.recheck.rules import bearer_of, is_settled, needs_reason
from results.recheck.services import FeeOpenError
from results.recheck.types import FeeBearer, MethodUsed
from results.types import ItemVerdict
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories.web import bearer, csrf_token, log_in

TODAY = NOW.date()
verdicts = st.sets(st.sampled_from([ItemVerdict.PASS, ItemVerdict.FAIL]))


@given(verdicts)
def test_the_applicant_bears_the_fee_exactly_where_an_item_failed_again(found):
    assert (bearer_of(found) is FeeBearer.APPLICANT) == (ItemVerdict.FAIL in found)


@given(st.none() | st.decimals(0, 9999, places=2), st.none() | st.dates())
def test_a_fee_is_settled_once_it_is_advanced_or_nothing(amount, day):
    assert is_settled(amount, day) == (amount is not None and (amount == 0 or day is not None))


@pytest.mark.parametrize("used", ["GB 5009.15-2023", "gb 5009.15-2023", "GB5009.15-2023 ", "ＧＢ 5009.15-2023"])
def test_a_method_is_the_same_one_however_it_is_spelled(used):
    assert not needs_reason("GB 5009.15-2023", used)
    assert needs_reason("GB 5009.15-2014", used)


@pytest.fixture
def lab(session):
    return rechecks.make_lab()


@pytest.fixture
def case(session, lab):
    return rechecks.make_served_case()


def received(case, lab):
    recheck_id = rechecks.make_assigned(case)
    rechecks.hand_on(case, lab)
    rechecks.receive(case, lab, recheck_id)
    return recheck_id


def enter(case, lab, recheck_id, text="0.010", used=None):
    (line,) = rechecks.failed_lines(case)
    with unit_of_work(lab.tester.actor) as uow:
        services.enter_recheck_results(uow, recheck_id, {line: text}, {line: used} if used else None)


def conclude(lab, recheck_id):
    with unit_of_work(lab.signatory.actor) as uow:
        services.conclude_recheck(uow, recheck_id, "FJ-1")


def test_testing_waits_for_the_fee_until_it_is_advanced(session, case, lab):
    recheck_id = received(case, lab)
    with pytest.raises(FeeOpenError):
        enter(case, lab, recheck_id)
    with unit_of_work(lab.custodian.actor) as uow:
        services.state_fee(uow, recheck_id, Decimal("800.50"))
    with pytest.raises(FeeOpenError, match=r"800\.50"):
        enter(case, lab, recheck_id)
    with unit_of_work(case.officer.actor) as uow:
        services.note_advance(uow, recheck_id, "R1", TODAY)
    enter(case, lab, recheck_id)


def test_testing_does_not_wait_where_the_parameter_says_so(session, case, lab):
    recheck_id = received(case, lab)
    with unit_of_work(case.officer.actor) as uow:
        set_parameter(uow, "recheck_fee_first", Decimal(0), valid_from=TODAY, source="本局规定", reason="后缴")
    enter(case, lab, recheck_id)


@pytest.mark.parametrize(("text", "bearer_is"), [("0.010", FeeBearer.REGULATOR), ("77", FeeBearer.APPLICANT)])
def test_who_bears_the_fee_follows_from_the_verdict_and_only_the_regulator_pays_back(
    session, case, lab, text, bearer_is
):
    recheck_id = rechecks.make_received(case, lab)
    enter(case, lab, recheck_id, text)

    def repay(day=TODAY, voucher="V1") -> None:
        with unit_of_work(case.officer.actor) as uow:
            services.note_repayment(uow, recheck_id, voucher, day)

    with pytest.raises(ConflictError):
        repay()
    conclude(lab, recheck_id)
    session.expire_all()
    assert session.get_one(RecheckFee, recheck_id).borne_by is bearer_is
    if bearer_is is FeeBearer.APPLICANT:
        with pytest.raises(ConflictError):
            repay()
        return
    for wrong in ({"day": TODAY - timedelta(days=1)}, {"day": TODAY + timedelta(days=1)}, {"voucher": " "}):
        with pytest.raises(InvalidInputError):
            repay(**wrong)
    repay()
    with pytest.raises(ConflictError):
        repay()
    with db.new_session() as fresh:
        assert queries.list_fees(fresh, case.officer.actor, is_open=True) == []
        assert len(queries.list_fees(fresh, case.officer.actor, is_open=False)) == 1


def test_a_recheck_that_ended_damaged_costs_the_applicant_nothing(session, case, lab):
    recheck_id = rechecks.make_assigned(case)
    rechecks.hand_on(case, lab)
    rechecks.pay(case, lab, recheck_id)
    rechecks.receive(case, lab, recheck_id, seal_intact=False, damage="封条破损")
    session.expire_all()
    assert session.get_one(RecheckFee, recheck_id).borne_by is FeeBearer.REGULATOR


@pytest.mark.parametrize("amount", ["-1", "0.001", "10000000"])
def test_an_amount_that_cannot_be_right_is_refused_and_shown(session, case, lab, amount):
    recheck_id = rechecks.make_assigned(case)
    with pytest.raises(InvalidInputError, match=amount), unit_of_work(lab.custodian.actor) as uow:
        services.state_fee(uow, recheck_id, Decimal(amount))
    stranger = rechecks.make_lab()
    with pytest.raises(NotFoundError), unit_of_work(stranger.custodian.actor) as uow:
        services.state_fee(uow, recheck_id, Decimal(1))


def test_another_method_than_the_first_wants_its_reason_and_stands_beside_the_result(session, case, lab):
    recheck_id = rechecks.make_received(case, lab)
    (line,) = rechecks.failed_lines(case)
    enter(case, lab, recheck_id)
    with db.new_session() as fresh:
        first = queries.first_methods(fresh, fresh.get_one(Recheck, recheck_id)).get(line, queries.NO_METHOD)
    with pytest.raises(InvalidInputError) as refused:
        enter(case, lab, recheck_id, used=MethodUsed("GB 5009.999-2031"))
    assert "GB 5009.999-2031" in str(refused.value)
    enter(case, lab, recheck_id, used=MethodUsed("GB 5009.999-2031", "新标准已实施"))
    rows = [session.get_one(RecheckResult, (recheck_id, line, version)) for version in (1, 2)]
    assert [(row.method, row.method_reason) for row in rows] == [(first, None), ("GB 5009.999-2031", "新标准已实施")]


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


WHY_ANOTHER = [("en", "Why another method"), ("zh_Hans_CN", "采用其他方法的理由")]


@pytest.mark.parametrize("spoken", WHY_ANOTHER, ids=["en", "zh"])
def test_fee_method_and_watching_are_walked_on_the_pages(client, session, case, lab, spoken):
    locale, words = spoken
    client.set_cookie("lims_locale", locale)
    recheck_id = received(case, lab)
    (line,) = rechecks.failed_lines(case)
    home = f"/rechecks/{recheck_id}"
    log_in(client, lab.custodian)
    assert post(client, f"{home}/fee", f"{home}/fee", amount="1e9").status_code == 422
    assert post(client, f"{home}/fee", f"{home}/fee", amount="600").status_code == 303
    log_in(client, case.officer)
    assert "600.00" in client.get("/rechecks/fees/").text
    advance = f"{home}/fee/advance"
    late = post(client, advance, advance, receipt_no="R-7", advanced_on="2030-01-01")
    assert late.status_code == 422
    assert 'value="R-7"' in late.text
    assert post(client, advance, advance, receipt_no="R-7", advanced_on="2026-09-14").status_code == 303
    assert "R-7" in client.get("/rechecks/fees.csv?show=all").data.decode("utf-8-sig")
    log_in(client, lab.tester)
    watch = f"{home}/watch"
    assert post(client, watch, watch, begins_at="2020-01-01T09:00", place="三楼").status_code == 422
    assert post(client, watch, watch, begins_at="2026-09-16T09:00", place="三楼理化室").status_code == 303
    assert words in client.get(home).text
    typed = {f"result-{line}": "0.010", f"method-{line}": "GB 5009.999-2031"}
    refused = post(client, home, f"{home}/results", **typed)
    assert refused.status_code == 422
    assert 'value="GB 5009.999-2031"' in refused.text
    assert post(client, home, f"{home}/results", **typed, **{f"why-{line}": "新标准"}).status_code == 303
    log_in(client, case.team.custodian)
    assert "三楼理化室" in client.get("/rechecks/watching/").text
    log_in(client, lab.signatory)
    assert post(client, home, f"{home}/conclusion", report_no="FJ-1").status_code == 303
    log_in(client, case.officer)
    repay = f"{home}/fee/repayment"
    assert post(client, repay, repay, voucher_no="V-9", repaid_on="2026-09-14").status_code == 303
    assert "V-9" in client.get(home).text


def test_fee_and_watching_by_api(client, session, case, lab):
    path = f"/api/v1/rechecks/{received(case, lab)}"
    stated = client.post(f"{path}/fee", json={"amount": "650.5"}, headers=bearer(lab.signatory))
    assert (stated.status_code, stated.json["amount"]) == (201, "650.50")
    body = {"receipt_no": "R1", "advanced_on": "2026-09-14"}
    assert client.post(f"{path}/fee/advance", json=body, headers=bearer(case.officer)).json["receipt_no"] == "R1"
    body = {"voucher_no": "V1", "repaid_on": "2026-09-14"}
    assert client.post(f"{path}/fee/repayment", json=body, headers=bearer(case.officer)).status_code == 409
    body = {"begins_at": "2026-09-16T09:00:00+08:00", "place": "三楼"}
    assert client.post(f"{path}/watches", json=body, headers=bearer(lab.tester)).json["number"] == 1
