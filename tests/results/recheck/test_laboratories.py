"""Who may be drawn for a recheck: company groups, recorded interests, laboratories that declined."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody import services as custody
from chain_of_custody.models import BackupRelease
from lims.actors import OrganisationKind
from lims.db import db
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.recheck import queries, services
from results.recheck.models import Recheck, RecheckDecline
from results.recheck.rules import eligibility_of, is_same_party
from results.recheck.services import NoLaboratoryError
from results.recheck.types import Exclusion, ListedLab, LotFacts, Party, RecheckState
from tests.conftest import NOW
from tests.factories import recheck as rechecks
from tests.factories.people import make_organisation
from tests.factories.web import bearer, csrf_token, log_in

TODAY = NOW.date()
FIRST, SAMPLING, OWN = uuid4(), uuid4(), uuid4()
FACTS = LotFacts(Party("清河县惠民超市", "91370000MA00000001"), FIRST, frozenset({SAMPLING}), 2)
names = st.text("甲乙丙丁ABC（）() ", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"party_id": FIRST}, Exclusion.FIRST_LABORATORY),
        ({"party_id": SAMPLING}, Exclusion.SAMPLING_SIDE),
        ({"group": (Party("惠民集团", "91370000MA00000001"),)}, Exclusion.APPLICANTS_GROUP),
        ({"group": (Party("清河县 惠民超市", None),)}, Exclusion.APPLICANTS_GROUP),
        ({"group": (Party("清河县惠民超市", "91370000MA00000002"),)}, None),
        ({"links": ("长期委托检验",)}, Exclusion.LINKED),
        ({"has_declined": True}, Exclusion.DECLINED),
        ({"refusals": 1}, None),
        ({"refusals": 2}, Exclusion.OFF_THE_LIST),
    ],
)
def test_a_laboratory_is_left_out_for_each_reason_of_the_law(changed, expected):
    values = {"lab_id": uuid4(), "party_id": OWN} | changed
    assert eligibility_of(ListedLab(**values), FACTS).exclusion is expected


@given(names, names, st.sampled_from([None, "1", "2"]), st.sampled_from([None, "1", "2"]))
def test_being_the_same_party_is_mutual_and_a_code_decides_where_both_have_one(one, other, mine, yours):
    assert is_same_party(Party(one, mine), Party(other, yours)) == is_same_party(Party(other, yours), Party(one, mine))
    assert is_same_party(Party(one, mine), Party(one, mine))
    if mine and yours:
        assert is_same_party(Party(one, mine), Party(other, yours)) == (mine == yours)


@pytest.fixture
def case(session):
    return rechecks.make_served_case()


def accepted(case) -> UUID:
    recheck_id = rechecks.apply(case)
    with unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
    return recheck_id


def draw(case, recheck_id) -> UUID:
    with unit_of_work(case.officer.actor) as uow:
        lab_id = services.draw_laboratory(uow, recheck_id).lab_id
    assert lab_id is not None
    return lab_id


def answer_for(recheck_id, lab_id, on=TODAY) -> Exclusion | None:
    with db.new_session() as session:
        answers = queries.who_may_be_drawn(session, session.get_one(Recheck, recheck_id), on)
    return next(one.exclusion for one in answers if one.lab_id == lab_id)


def decline(lab, recheck_id, reason="设备故障，无法承担") -> None:
    with unit_of_work(lab.signatory.actor) as uow:
        services.decline_recheck(uow, recheck_id, reason)


def judge(case, recheck_id, number=1, *, had_cause=False) -> None:
    with unit_of_work(case.officer.actor) as uow:
        services.judge_decline(uow, recheck_id, number, had_cause=had_cause, judgement="理由不成立")


def link(case, lab_id, **more) -> UUID:
    asked = {
        "party_name": "清河县惠民超市",
        "party_uscc": None,
        "since": TODAY - timedelta(days=1),
        "until": None,
        "reason": "长期委托检验",
    } | more
    with unit_of_work(case.officer.actor) as uow:
        return services.record_link(uow, lab_id, **asked).id


def applicant_name(recheck_id) -> str:
    with db.new_session() as session:
        return session.get_one(Recheck, recheck_id).applicant_name


def test_a_laboratory_with_a_recorded_interest_is_never_drawn_while_it_runs(session, case):
    linked, free = rechecks.make_lab(), rechecks.make_lab()
    recheck_id = accepted(case)
    link_id = link(case, linked.lab_id, party_name=applicant_name(recheck_id))
    assert answer_for(recheck_id, linked.lab_id) is Exclusion.LINKED
    assert draw(case, recheck_id) == free.lab_id
    recorded = session.get_one(Recheck, recheck_id).draw
    assert recorded["excluded"][str(linked.lab_id)] == {"reason": "linked", "fact": "长期委托检验"}
    with unit_of_work(case.officer.actor) as uow:
        services.end_link(uow, link_id)
    assert answer_for(recheck_id, linked.lab_id) is Exclusion.LINKED, "its last day counts"
    assert answer_for(recheck_id, linked.lab_id, TODAY + timedelta(days=1)) is None
    with pytest.raises(ConflictError), unit_of_work(case.officer.actor) as uow:
        services.end_link(uow, link_id)


def test_a_laboratory_owned_by_the_applicant_is_not_in_the_lot(session, case):
    lab = rechecks.make_lab()
    recheck_id = accepted(case)
    owner = make_organisation(OrganisationKind.MARKET)
    session.execute(
        sa.text("UPDATE organisation SET name_zh = :name WHERE id = :id"),
        {"name": applicant_name(recheck_id), "id": owner},
    )
    session.execute(
        sa.text("UPDATE organisation SET owner_id = :owner, party_id = :owner WHERE id = :id"),
        {"owner": owner, "id": lab.lab_id},
    )
    session.commit()
    assert answer_for(recheck_id, lab.lab_id) is Exclusion.APPLICANTS_GROUP


def test_a_laboratory_declines_and_another_is_drawn_while_the_old_lot_stays_on_record(session, case):
    labs = {lab.lab_id: lab for lab in (rechecks.make_lab(), rechecks.make_lab())}
    recheck_id = accepted(case)
    first = labs[draw(case, recheck_id)]
    old = session.get_one(Recheck, recheck_id).draw
    decline(first, recheck_id)
    session.expire_all()
    row = session.get_one(Recheck, recheck_id)
    assert (row.state, row.lab_id, row.draw) == (RecheckState.ACCEPTED, None, None)
    second = labs[draw(case, recheck_id)]
    assert second is not first
    session.expire_all()
    declined = session.get_one(RecheckDecline, (recheck_id, 1))
    assert (declined.draw, declined.lab_id) == (old, first.lab_id)
    releases = session.scalars(sa.select(BackupRelease).order_by(BackupRelease.number)).all()
    assert [one.to_organisation_id for one in releases] == [first.lab_id, second.lab_id]
    assert [one.withdrawn_at is None for one in releases] == [False, True]
    with pytest.raises(InvalidInputError), unit_of_work(case.team.custodian.actor) as uow:
        custody.offer_hand_over(uow, [rechecks.backup_of(case)], first.lab_id)
    rechecks.hand_on(case, second)
    decline_again = pytest.raises(ConflictError)
    with decline_again:
        decline(second, recheck_id)
    assert all(finding.violations == 0 for finding in run_checks(session, "custody"))


def test_a_laboratory_does_not_decline_while_the_portion_is_on_its_way(session, case):
    lab = rechecks.make_lab()
    recheck_id = rechecks.make_assigned(case)
    with unit_of_work(case.team.custodian.actor) as uow:
        custody.offer_hand_over(uow, [rechecks.backup_of(case)], lab.lab_id)
    with pytest.raises(ConflictError):
        decline(lab, recheck_id)
    with pytest.raises(InvalidInputError):
        decline(lab, recheck_id, " ")


def test_two_refusals_without_cause_within_twelve_months_take_a_laboratory_off_the_list(session):
    lab = rechecks.make_lab()
    for number in (1, 2):
        case = rechecks.make_served_case()
        recheck_id = accepted(case)
        assert draw(case, recheck_id) == lab.lab_id
        decline(lab, recheck_id)
        judge(case, recheck_id, had_cause=False)
        with db.new_session() as fresh:
            assert queries.list_laboratories(fresh, TODAY)[0].refusals == number
    case = rechecks.make_served_case()
    recheck_id = accepted(case)
    assert answer_for(recheck_id, lab.lab_id) is Exclusion.OFF_THE_LIST
    with pytest.raises(NoLaboratoryError):
        draw(case, recheck_id)
    assert answer_for(recheck_id, lab.lab_id, TODAY.replace(year=TODAY.year + 1) - timedelta(days=275)) is not None
    with db.new_session() as fresh:
        counted = queries.refusals_without_cause(fresh, [lab.lab_id], TODAY.replace(year=TODAY.year + 1))
    assert counted == {}, "a year later they count no more"


def test_a_refusal_with_cause_does_not_count_and_is_judged_once_by_its_own_regulator(session, case):
    lab = rechecks.make_lab()
    recheck_id = accepted(case)
    draw(case, recheck_id)
    decline(lab, recheck_id)
    stranger = rechecks.make_served_case()
    with pytest.raises(NotFoundError):
        judge(stranger, recheck_id)
    with pytest.raises(NotFoundError):
        judge(case, recheck_id, 2)
    judge(case, recheck_id, had_cause=True)
    with pytest.raises(ConflictError):
        judge(case, recheck_id)
    with db.new_session() as fresh:
        assert queries.refusals_without_cause(fresh, [lab.lab_id], TODAY) == {}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"party_name": " "}, "party_name"),
        ({"reason": " "}, "reason"),
        ({"until": date(2020, 1, 1)}, "until"),
    ],
)
def test_an_interest_that_cannot_be_right_is_refused_at_its_field(session, case, changed, field):
    lab = rechecks.make_lab()
    with pytest.raises(InvalidInputError) as refused:
        link(case, lab.lab_id, **changed)
    assert refused.value.field == field
    with pytest.raises(InvalidInputError) as unlisted:
        link(case, case.team.lab_id)
    assert unlisted.value.field == "lab_id"


def post(client, page, path, **fields):
    return client.post(path, data={"csrf_token": csrf_token(client, page)} | fields)


@pytest.mark.parametrize(("locale", "words"), [("en", "recorded interest link"), ("zh_Hans_CN", "利害关系")])
def test_the_page_shows_who_is_left_out_before_the_lot_is_drawn(client, session, case, locale, words):
    client.set_cookie("lims_locale", locale)
    lab, other = rechecks.make_lab(), rechecks.make_lab()
    recheck_id = accepted(case)
    home = f"/rechecks/{recheck_id}"
    log_in(client, case.officer)
    new = f"/rechecks/laboratories/links/new?recheck={recheck_id}"
    assert f'value="{applicant_name(recheck_id)}"' in client.get(new).text
    asked = {"lab_id": str(lab.lab_id), "party_name": applicant_name(recheck_id), "since": "2026-09-01"}
    refused = post(client, new, new, **asked, reason="")
    assert refused.status_code == 422
    assert 'value="2026-09-01"' in refused.text
    assert post(client, new, new, **asked, reason="合伙人相同").status_code == 303
    listed = client.get("/rechecks/laboratories/").text
    assert "合伙人相同" in listed
    page = client.get(home).text
    assert words in page
    assert "合伙人相同" in page
    assert post(client, home, f"{home}/draw").status_code == 303
    log_in(client, other.signatory)
    assert post(client, f"{home}/decline", f"{home}/decline", reason="").status_code == 422
    assert post(client, f"{home}/decline", f"{home}/decline", reason="人员不足").status_code == 303
    log_in(client, case.officer)
    assert "人员不足" in client.get(home).text
    path = f"{home}/declines/1"
    assert post(client, path, path, had_cause="no", judgement="").status_code == 422
    assert post(client, path, path, had_cause="no", judgement="人员充足").status_code == 303
    assert "人员充足" in client.get(home).text
    assert client.get(f"{home}/declines/7").status_code == 404


def test_a_laboratory_declines_and_is_judged_by_api(client, session, case):
    lab = rechecks.make_lab()
    path = f"/api/v1/rechecks/{rechecks.make_assigned(case)}"
    declined = client.post(f"{path}/declines", json={"reason": "设备故障"}, headers=bearer(lab.signatory))
    assert (declined.status_code, declined.json["number"]) == (201, 1)
    body = {"had_cause": False, "judgement": "设备完好"}
    judged = client.post(f"{path}/declines/1/judgement", json=body, headers=bearer(case.officer))
    assert (judged.status_code, judged.json["had_cause"]) == (201, False)
    body = {"lab_id": str(lab.lab_id), "party_name": "惠民超市", "since": "2026-09-01", "reason": "同一股东"}
    linked = client.post("/api/v1/recheck-links", json=body, headers=bearer(case.officer))
    assert linked.status_code == 201, linked.json
    assert client.post("/api/v1/recheck-links", json=body, headers=bearer(lab.signatory)).status_code == 403
