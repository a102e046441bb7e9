"""Blind codes given anew, and samples unblinded by two persons (product.md §5)."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from chain_of_custody import queries, services
from chain_of_custody.models import BlindCode, Unblinding
from chain_of_custody.queries import count_open_unblindings
from chain_of_custody.types import Blindness, UnblindingOutcome
from lims.auth.permissions import Role
from lims.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from lims.uow import unit_of_work
from results.models import TestSet
from results.services.worklists import begin_testing
from sampling.models import DutyAct, Sample
from sampling.rules.states import WrongStateError
from sampling.services.separation import SeparationRefusedError
from sampling.types import DutyRole
from tests.factories.chain_of_custody import make_received_sample, make_recoded_sample
from tests.factories.people import make_person
from tests.factories.results import make_locked_set
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

WHY = "The tester saw the shop's bag."


@pytest.fixture
def here(session):
    """A sample on the bench with everybody of its laboratory."""
    team = make_team()
    sample_id, code = make_recoded_sample(team)
    return SimpleNamespace(
        team=team,
        sample_id=sample_id,
        code=code,
        head=make_person(team.lab_id, Role.LAB_HEAD),
        quality=make_person(team.lab_id, Role.QUALITY_MANAGER),
    )


def ask(here, reason="A child is in hospital."):
    with unit_of_work(here.head.actor) as uow:
        return services.request_unblinding(uow, here.code, reason).id


def decide(here, unblinding_id, *, opens=True, note=None, by=None):
    with unit_of_work((by or here.quality).actor) as uow:
        return services.decide_unblinding(uow, unblinding_id, note, opens=opens)


def seen_by(session, somebody, unblinding_id):
    session.expire_all()
    return queries.opened_sample(session, somebody.actor, session.get_one(Unblinding, unblinding_id))


def test_a_relabelled_portion_is_known_to_the_bench_by_its_new_code_only(session, here):
    with unit_of_work(here.team.custodian.actor) as uow:
        fresh = services.relabel(uow, here.sample_id, Blindness.COVERED, WHY).code
    assert fresh != here.code
    assert session.scalars(sa.select(TestSet.blind_code).where(TestSet.sample_id == here.sample_id)).one() == fresh
    with pytest.raises(NotFoundError), unit_of_work(here.team.tester.actor) as uow:
        begin_testing(uow, here.code)
    with unit_of_work(here.team.tester.actor) as uow:
        begin_testing(uow, fresh)


def test_an_old_code_is_kept_with_its_days_and_is_never_given_again(session, here):
    with unit_of_work(here.team.custodian.actor) as uow:
        services.relabel(uow, here.sample_id, Blindness.COVERED, WHY)
    new, old = queries.codes_of_sample(session, here.sample_id)
    assert (old.code, old.seq, old.reason, old.retired_at) == (here.code, 1, None, new.coded_at)
    assert (new.seq, new.reason, new.retired_at) == (2, WHY, None)


def test_a_portion_is_not_relabelled_without_a_reason_nor_before_or_after_the_bench(session, here):
    with pytest.raises(InvalidInputError), unit_of_work(here.team.custodian.actor) as uow:
        services.relabel(uow, here.sample_id, Blindness.COVERED, "  ")
    unblinded = make_received_sample(here.team)
    with pytest.raises(WrongStateError), unit_of_work(here.team.custodian.actor) as uow:
        services.relabel(uow, unblinded, Blindness.COVERED, WHY)
    locked = make_locked_set(here.team)
    with pytest.raises(WrongStateError), unit_of_work(here.team.custodian.actor) as uow:
        services.relabel(uow, locked.sample_id, Blindness.COVERED, WHY)


def test_whoever_tests_a_sample_cannot_relabel_it(session, here):
    double = make_person(here.team.lab_id, Role.TESTER, Role.CUSTODIAN)
    with unit_of_work(double.actor) as uow:
        begin_testing(uow, here.code)
    with pytest.raises(SeparationRefusedError), unit_of_work(double.actor) as uow:
        services.relabel(uow, here.sample_id, Blindness.COVERED, WHY)


def test_a_portion_has_one_current_code_whatever_is_written(session, here):
    second = sa.text(
        "INSERT INTO blind_code (portion_id, seq, sample_id, portion_kind, code, blindness, reason, coded_by_id,"
        " coded_at) SELECT portion_id, 2, sample_id, portion_kind, '22222222', blindness, 'x', coded_by_id, coded_at"
        " FROM blind_code WHERE code = :code"
    )
    with pytest.raises(IntegrityError, match="uq_blind_code_current"), session.begin_nested():
        session.execute(second, {"code": here.code})


def test_two_offices_open_a_sample_and_only_these_two_see_whose_it_is(session, here):
    asked = ask(here)
    assert seen_by(session, here.head, asked) is None
    decide(here, asked)
    number = session.get_one(Sample, here.sample_id).sampling_no
    for somebody in (here.head, here.quality):
        opened = seen_by(session, somebody, asked)
        assert opened is not None
        assert opened.sampling_no == number
        assert opened.party_name
    assert seen_by(session, make_person(here.team.lab_id, Role.LAB_HEAD), asked) is None


def test_both_who_unblinded_stand_on_the_sampling_side_and_can_never_test_it(session, here):
    decide(here, ask(here))
    acts = session.scalars(
        sa.select(DutyAct.person_id).where(DutyAct.sample_id == here.sample_id, DutyAct.role == DutyRole.UNBLINDER)
    ).all()
    assert set(acts) == {here.head.person_id, here.quality.person_id}
    for somebody in (here.head, here.quality):
        with pytest.raises(SeparationRefusedError), unit_of_work(somebody.actor) as uow:
            begin_testing(uow, here.code)


def test_nobody_unblinds_alone_and_the_same_office_is_not_the_second_one(session, here):
    asked = ask(here)
    both = make_person(here.team.lab_id, Role.LAB_HEAD, Role.QUALITY_MANAGER)
    with pytest.raises(ConflictError, match="two persons"):
        decide(here, asked, by=here.head)
    with pytest.raises(ForbiddenError):
        decide(here, asked, by=make_person(here.team.lab_id, Role.LAB_HEAD))
    with pytest.raises(ForbiddenError), unit_of_work(here.team.custodian.actor) as uow:
        services.request_unblinding(uow, here.code, "x")
    decide(here, asked, by=both)
    assert session.get_one(Unblinding, asked).outcome is UnblindingOutcome.OPENED


def test_a_request_waits_in_the_menu_of_the_other_office_only(session, here):
    ask(here)
    both = make_person(here.team.lab_id, Role.LAB_HEAD, Role.QUALITY_MANAGER)
    elsewhere = make_person(make_team().lab_id, Role.QUALITY_MANAGER)
    waiting = {
        who: count_open_unblindings(session, person.actor)
        for who, person in {"head": here.head, "quality": here.quality, "both": both, "elsewhere": elsewhere}.items()
    }
    assert waiting == {"head": 0, "quality": 1, "both": 1, "elsewhere": 0}


def test_who_tests_the_sample_cannot_unblind_it_as_well(session, here):
    testing_head = make_person(here.team.lab_id, Role.LAB_HEAD, Role.TESTER)
    with unit_of_work(testing_head.actor) as uow:
        begin_testing(uow, here.code)
        asked = services.request_unblinding(uow, here.code, "An emergency.").id
    with pytest.raises(SeparationRefusedError):
        decide(here, asked)
    assert seen_by(session, testing_head, asked) is None


def test_a_request_that_is_declined_needs_a_sentence_and_tells_nothing(session, here):
    asked = ask(here)
    with pytest.raises(InvalidInputError):
        decide(here, asked, opens=False, note=" ")
    decide(here, asked, opens=False, note="The hospital does not need it.")
    assert seen_by(session, here.head, asked) is None
    assert ask(here) != asked  # it can be asked for again


def test_one_request_waits_at_a_time_and_an_open_sample_is_not_opened_again(session, here):
    asked = ask(here)
    with pytest.raises(ConflictError, match="waits"):
        ask(here)
    decide(here, asked)
    with pytest.raises(ConflictError, match="unblinded already"):
        ask(here)
    with pytest.raises(ConflictError, match="decided already"):
        decide(here, asked)


def test_a_code_of_another_laboratory_is_an_unknown_code(session, here):
    stranger = make_person(make_team().lab_id, Role.LAB_HEAD)
    with pytest.raises(InvalidInputError, match=here.code), unit_of_work(stranger.actor) as uow:
        services.request_unblinding(uow, here.code, "x")


def test_after_the_lock_nothing_is_left_to_unblind(session, here):
    locked = make_locked_set(here.team)
    with pytest.raises(WrongStateError), unit_of_work(here.head.actor) as uow:
        services.request_unblinding(uow, locked.blind_code, "x")


def test_no_hand_written_sql_opens_a_sample_without_two_acts(session, here):
    asked = ask(here)
    opening = sa.text(
        "UPDATE unblinding SET outcome = 'opened', opened_role = 'unblinder', decided_by_id = :by,"
        " decided_as = 'quality_manager', decided_at = now() WHERE id = :id"
    )
    with pytest.raises(IntegrityError, match="acted"), session.begin_nested():
        session.execute(opening, {"by": here.quality.person_id, "id": asked})
    with pytest.raises(IntegrityError, match="two_people"), session.begin_nested():
        session.execute(opening, {"by": here.head.person_id, "id": asked})


@pytest.mark.parametrize(("locale", "heading"), [("en", "Whose sample it is"), ("zh_Hans_CN", "样品来源")])
def test_the_pages_lead_from_the_question_to_the_opened_sample(client, session, here, locale, heading):
    client.set_cookie("lims_locale", locale)
    log_in(client, here.head)
    page = "/custody/unblinding/"
    wrong = client.post(page, data={"csrf_token": csrf_token(client, page), "code": "ABCDEFGH", "reason": "fire"})
    assert wrong.status_code == 422
    assert "ABCDEFGH" in wrong.text
    assert "fire" in wrong.text
    made = client.post(page, data={"csrf_token": csrf_token(client, page), "code": here.code, "reason": "fire"})
    assert made.status_code == 303
    assert heading not in client.get(made.location).text
    log_in(client, here.quality)
    token = csrf_token(client, made.location)
    assert client.post(made.location, data={"csrf_token": token, "decision": "declined"}).status_code == 422
    assert client.post(made.location, data={"csrf_token": token, "decision": "opened"}).status_code == 303
    assert heading in client.get(made.location).text
    log_in(client, make_person(here.team.lab_id, Role.LAB_HEAD))
    assert heading not in client.get(made.location).text


def test_a_custodian_gives_another_code_on_the_page_of_the_first(client, session, here):
    log_in(client, here.team.custodian)
    page = f"/custody/samples/{here.sample_id}/blind-code"
    fields = {"csrf_token": csrf_token(client, page), "blindness": "covered"}
    refused = client.post(f"/custody/samples/{here.sample_id}/relabelling", data=fields)
    assert refused.status_code == 422
    assert here.code in refused.text
    done = client.post(f"/custody/samples/{here.sample_id}/relabelling", data=fields | {"reason": WHY})
    assert done.status_code == 303
    shown = client.get(page).text
    current = session.scalars(
        sa.select(BlindCode.code).where(BlindCode.sample_id == here.sample_id, BlindCode.retired_at.is_(None))
    ).one()
    assert current in shown
    assert WHY.replace("'", "&#39;") in shown


def test_programs_relabel_and_unblind_as_pages_do(client, session, here):
    renamed = client.post(
        f"/api/v1/samples/{here.sample_id}/relabelling",
        json={"blindness": "open", "reason": WHY},
        headers=bearer(here.team.custodian) | {"Idempotency-Key": "relabel"},
    )
    assert renamed.status_code == 201, renamed.text
    head, quality = bearer(here.head), bearer(here.quality)
    asked = client.post(
        "/api/v1/unblindings",
        json={"code": renamed.json["code"], "reason": "An emergency."},
        headers=head | {"Idempotency-Key": "ask"},
    )
    assert (asked.status_code, asked.json["opened"]) == (201, None)
    address = f"/api/v1/unblindings/{asked.json['id']}"
    opened = client.post(f"{address}/decision", json={"opens": True}, headers=quality | {"Idempotency-Key": "decide"})
    assert opened.status_code == 201, opened.text
    assert opened.json["opened"]["sample_id"] == str(here.sample_id)
    assert client.get(address, headers=head).json["opened"] == opened.json["opened"]
    assert [one["id"] for one in client.get("/api/v1/unblindings", headers=head).json["items"]] == [asked.json["id"]]
    assert client.get(address, headers=bearer(here.team.tester)).status_code == 403
