"""Nonconforming work: raised, planned, carried out, checked by another person, and what it means for reports."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lims import clock
from lims.auth.permissions import Role
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.i18n import LOCALE_COOKIE
from lims.uow import unit_of_work
from results.nonconforming import services
from results.nonconforming.models import Nonconformity, NonconformityStep
from results.nonconforming.queries import affected_reports, count_open, steps_of
from results.nonconforming.rules import BY_ANOTHER, ENDS, is_overdue, moved
from results.nonconforming.types import Impact, NonconformityState, Plan, Source, Step
from results.nonconforming.verification import CHECKS
from results.services.composition import compose_report
from results.services.signing import sign_conclusion
from tests.factories.people import make_organisation, make_person
from tests.factories.quality import METHOD, enter, enter_samples, lock, make_batch, make_quality_manager, make_sets
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

WHAT = "高水平质控样连续两批超出2倍标准差，未停止检验。"


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_quality_manager(team)


@pytest.fixture
def head(team):
    return make_person(team.lab_id, Role.LAB_HEAD)


def today():
    return clock.local_date(clock.now())


def raised(somebody, **links):
    with unit_of_work(somebody.actor) as uow:
        return services.raise_nonconformity(uow, Source.QUALITY_CONTROL, WHAT, today(), **links).nonconformity_no


def do(somebody, act, *args, **named):
    with unit_of_work(somebody.actor) as uow:
        return act(uow, *args, **named)


def plan_of(somebody, **changed):
    return replace(
        Plan("未按规定判断失控", "重新培训并考核", somebody.person_id, today() + timedelta(days=7)), **changed
    )


def state_of(session, number):
    session.expire_all()
    return session.scalars(sa.select(Nonconformity).where(Nonconformity.nonconformity_no == number)).one().state


def carried_out(team, manager):
    number = raised(team.reviewer)
    do(manager, services.plan_action, number, plan_of(team.tester))
    do(team.tester, services.carry_out, number, "已培训", may_manage=False)
    return number


def signed_in_batch(team):
    """A signed report over a sample of a batch."""
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    enter(team, batch, "未检出")
    enter_samples(team, [made])
    lock(team, made)
    with unit_of_work(team.signatory.actor) as uow:
        report = compose_report(uow, made.blind_code)
        uow.session.flush()
        report_id, sha256 = report.id, report.pdf_sha256
    with unit_of_work(team.signatory.actor) as uow:
        sign_conclusion(uow, report_id, sha256, confirmed_at=uow.now)
    return batch, made, report_id


# the table of moves


@pytest.mark.parametrize(("state", "step"), list(product(NonconformityState, Step)))
def test_nothing_leads_out_of_an_end_and_nothing_is_closed_unchecked(state, step):
    there = moved(state, step)
    assert there is None or state not in ENDS
    assert (there is NonconformityState.CLOSED) == (state is NonconformityState.CARRIED_OUT and step is Step.EFFECTIVE)
    assert there not in ENDS or step in BY_ANOTHER


@pytest.mark.parametrize(
    ("state", "day", "late"),
    [
        (NonconformityState.PLANNED, date(2026, 9, 13), True),
        (NonconformityState.PLANNED, date(2026, 9, 14), False),
        (NonconformityState.CARRIED_OUT, date(2026, 9, 13), False),
        (NonconformityState.RAISED, None, False),
    ],
)
def test_an_action_is_overdue_after_its_last_day_while_nobody_carried_it_out(state, day, late):
    assert is_overdue(state, day, date(2026, 9, 14)) is late


# the path


def test_from_its_raising_to_its_check_by_another_person(session, team, manager, head):
    number = carried_out(team, manager)
    assert count_open(session, manager.actor) == 1
    do(head, services.check_effect, number, "连续十批在控", is_effective=True)
    assert state_of(session, number) is NonconformityState.CLOSED
    assert count_open(session, manager.actor) == 0
    assert [check(session).violations for check in CHECKS] == [0]


def test_what_did_not_help_goes_back_to_its_cause(session, team, manager, head):
    number = carried_out(team, manager)
    do(head, services.check_effect, number, "第三批又失控", is_effective=False)
    assert state_of(session, number) is NonconformityState.RAISED
    do(manager, services.plan_action, number, plan_of(team.reviewer))
    found = session.scalars(sa.select(Nonconformity)).one()
    assert [row.step.step for row in steps_of(session, found.id)] == [
        Step.RAISED,
        Step.PLANNED,
        Step.CARRIED_OUT,
        Step.INEFFECTIVE,
        Step.PLANNED,
    ]
    assert [check(session).violations for check in CHECKS] == [0]


def test_who_carried_it_out_or_answers_for_it_does_not_check_it(team, manager, head):
    number = raised(team.reviewer)
    do(manager, services.plan_action, number, plan_of(head))
    do(manager, services.carry_out, number, "已完成", may_manage=True)
    for somebody in (manager, head):
        with pytest.raises(ForbiddenError, match="Another person"):
            do(somebody, services.check_effect, number, "有效", is_effective=True)


def test_who_does_not_answer_for_an_action_does_not_carry_it_out(team, manager):
    number = raised(team.reviewer)
    do(manager, services.plan_action, number, plan_of(team.tester))
    with pytest.raises(ForbiddenError, match="answers for"):
        do(team.reviewer, services.carry_out, number, "已完成", may_manage=False)


def test_a_later_plan_stands_in_the_place_of_the_one_before(session, team, manager):
    number = raised(team.reviewer)
    do(manager, services.plan_action, number, plan_of(team.tester))
    do(manager, services.plan_action, number, plan_of(team.reviewer, due_on=today() + timedelta(days=20)))
    found = session.scalars(sa.select(Nonconformity)).one()
    assert (found.responsible_id, found.due_on) == (team.reviewer.person_id, today() + timedelta(days=20))


def test_it_is_dismissed_by_another_person_than_who_raised_it(session, team, manager, head):
    number = raised(manager)
    with pytest.raises(ForbiddenError):
        do(manager, services.dismiss, number, "误报")
    do(head, services.dismiss, number, "方法允许该偏差")
    assert state_of(session, number) is NonconformityState.DISMISSED
    with pytest.raises(ConflictError):
        do(manager, services.plan_action, number, plan_of(team.tester))
    assert [check(session).violations for check in CHECKS] == [0]


def test_a_step_out_of_turn_is_refused(team, manager, head):
    number = raised(team.reviewer)
    with pytest.raises(ConflictError, match="not at this step"):
        do(head, services.check_effect, number, "有效", is_effective=True)
    with pytest.raises(ConflictError, match="not at this step"):
        do(manager, services.carry_out, number, "已完成", may_manage=True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"cause": " "}, "cause"), ({"action": ""}, "action"), ({"due_on": date(2020, 1, 1)}, "due_on")],
)
def test_a_plan_that_cannot_be_is_refused_beside_its_field(team, manager, changed, field):
    number = raised(team.reviewer)
    with pytest.raises(InvalidInputError) as refused:
        do(manager, services.plan_action, number, plan_of(team.tester, **changed))
    assert refused.value.field == field


def test_somebody_of_another_organisation_answers_for_nothing_here(team, manager):
    number = raised(team.reviewer)
    stranger = make_person(make_organisation(), Role.TESTER)
    with pytest.raises(InvalidInputError, match="works in this laboratory"):
        do(manager, services.plan_action, number, plan_of(stranger))


def test_that_of_another_laboratory_is_not_there(team):
    number = raised(team.reviewer)
    with pytest.raises(NotFoundError):
        do(make_person(make_organisation(), Role.QUALITY_MANAGER), services.dismiss, number, "x")


def test_it_was_not_found_tomorrow(team):
    with unit_of_work(team.tester.actor) as uow, pytest.raises(InvalidInputError, match="or earlier"):
        services.raise_nonconformity(uow, Source.OTHER, WHAT, today() + timedelta(days=1))


# reports


def test_the_signed_reports_over_a_batch_have_to_be_decided_about(session, team, manager):
    batch, _made, report_id = signed_in_batch(team)
    number = raised(team.reviewer, batch_no=batch.batch_no)
    do(manager, services.plan_action, number, plan_of(team.tester))
    with pytest.raises(ConflictError, match="JB2026"):
        do(team.tester, services.carry_out, number, "已培训", may_manage=False)
    do(manager, services.decide_impact, number, report_id, Impact.AMEND, "铅结果需重测")
    do(manager, services.decide_impact, number, report_id, Impact.NONE, "留样复测一致")
    do(team.tester, services.carry_out, number, "已培训", may_manage=False)
    found = session.scalars(sa.select(Nonconformity)).one()
    [row] = affected_reports(session, found.id)
    assert (row.decision.impact, row.decision.seq) == (Impact.NONE, 2)


def test_a_sample_is_linked_by_its_code_and_brings_its_report(session, team, manager):
    _batch, made, report_id = signed_in_batch(team)
    number = raised(team.reviewer, blind_code=made.blind_code.lower())
    found = session.scalars(sa.select(Nonconformity)).one()
    assert [row.report.id for row in affected_reports(session, found.id)] == [report_id]
    with pytest.raises(ConflictError, match="linked already"):
        do(manager, services.link_sample, number, made.blind_code)


def test_a_report_that_it_does_not_affect_is_not_decided_about(team, manager):
    _batch, _made, report_id = signed_in_batch(team)
    number = raised(team.reviewer)
    with pytest.raises(NotFoundError):
        do(manager, services.decide_impact, number, report_id, Impact.NONE, "x")


# what the database refuses, and what is found


def test_the_database_lets_nobody_check_what_they_did(session, team, manager):
    carried_out(team, manager)
    own = sa.update(Nonconformity).values(checked_by_id=team.tester.person_id)
    with pytest.raises(IntegrityError, match="ck_nonconformity_checked_by_another"):
        session.execute(own)


def test_a_state_changed_by_hand_is_found(session, team, manager, head):
    carried_out(team, manager)
    session.execute(sa.update(Nonconformity).values(state=NonconformityState.CLOSED, checked_by_id=head.person_id))
    assert [check(session).violations for check in CHECKS] == [1]


# pages and API


def send(client, page, to=None, **fields):
    return client.post(to or page, data={"csrf_token": csrf_token(client, page), **fields})


@pytest.mark.parametrize(("locale", "word"), [("en", "The whole register"), ("zh_Hans_CN", "全部登记")])
def test_the_register_reads_in_both_languages(client, team, locale, word):
    number = raised(team.reviewer)
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, locale)
    page = client.get("/quality/nonconforming/").get_data(as_text=True)
    assert word in page
    assert number in page


def test_it_is_raised_from_a_batch_and_goes_its_way_on_its_page(client, session, team, manager, head):
    [made] = make_sets(team, 1)
    batch = make_batch(team, METHOD, [made.blind_code])
    log_in(client, team.tester).set_cookie(LOCALE_COOKIE, "en")
    new = f"/quality/nonconforming/new?batch={batch.batch_no}"
    assert f'value="{batch.batch_no}"' in client.get(new).get_data(as_text=True)
    fields = {"source": "quality_control", "found_on": today().isoformat(), "what": WHAT}
    refused = send(client, new, batch_no="FX000000-09", **fields)
    assert refused.status_code == 422
    assert "FX000000-09" in refused.get_data(as_text=True)
    page = send(client, new, batch_no=batch.batch_no, **fields).headers["Location"]
    log_in(client, manager)
    late = send(client, page, f"{page}/plan", cause="a", action="b", responsible=str(team.tester.person_id), due_on="")
    assert late.status_code == 422
    due = (today() + timedelta(days=3)).isoformat()
    plan = {"cause": "未培训", "action": "培训", "responsible": str(team.tester.person_id), "due_on": due}
    assert send(client, page, f"{page}/plan", **plan).status_code == 303
    log_in(client, team.tester)
    assert send(client, page, f"{page}/carried_out", text="已培训").status_code == 303
    log_in(client, head)
    assert send(client, page, f"{page}/check", outcome="effective", text="有效").status_code == 303
    assert session.scalars(sa.select(Nonconformity.state)).one() is NonconformityState.CLOSED
    assert session.scalar(sa.select(sa.func.count()).select_from(NonconformityStep)) == 4


def test_a_report_is_decided_about_on_its_own_page(client, team, manager):
    batch, _made, report_id = signed_in_batch(team)
    number = raised(team.reviewer, batch_no=batch.batch_no)
    log_in(client, manager).set_cookie(LOCALE_COOKIE, "en")
    page = f"/quality/nonconforming/{number}"
    assert "To be decided" in client.get(page).get_data(as_text=True)
    decide = f"{page}/reports/{report_id}"
    assert send(client, decide, impact="none", reason="").status_code == 422
    assert send(client, decide, impact="none", reason="留样复测一致").status_code == 303
    assert "留样复测一致" in client.get(page).get_data(as_text=True)


def test_the_api_does_what_the_pages_do(client, team, manager, head):
    tester, managing, heading = bearer(team.tester), bearer(manager), bearer(head)
    body = {"source": "audit", "what": WHAT, "found_on": today().isoformat()}
    made = client.post("/api/v1/nonconformities", json=body, headers=tester).json
    address = f"/api/v1/nonconformities/{made['number']}"
    plan = {
        "cause": "未培训",
        "action": "培训",
        "responsible_id": str(team.tester.person_id),
        "due_on": (today() + timedelta(days=3)).isoformat(),
    }
    assert client.post(f"{address}/plan", json=plan, headers=tester).status_code == 403
    assert client.post(f"{address}/plan", json=plan, headers=managing).json["state"] == "planned"
    assert client.post(f"{address}/carried-out", json={"text": "已培训"}, headers=tester).status_code == 201
    done = client.post(f"{address}/effect", json={"text": "有效", "is_effective": True}, headers=heading).json
    assert (done["state"], [one["step"] for one in done["steps"]]) == (
        "closed",
        ["raised", "planned", "carried_out", "effective"],
    )
    assert len(client.get("/api/v1/nonconformities", headers=managing).json["items"]) == 1
