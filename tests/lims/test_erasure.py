"""Personal data go, with their salts, and every proof of the ledger still holds."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import clock
from lims.auth.permissions import Role
from lims.clock import local_date
from lims.db import Base, db
from lims.erasure.models import ErasureRequest
from lims.erasure.services import EVENT, decide_erasure, erase_approved, request_erasure, subjects_called
from lims.erasure.subjects import GONE, kind_of
from lims.erasure.verification import check_erased
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent, PersonalSalt
from lims.ledger.replay import check_chains, check_replay
from lims.people.models import Person
from lims.people.services import end_employment
from lims.uow import unit_of_work
from results.referral.models import Service
from sampling.models import FormCorrection, Sample, SampleSignature, SamplingForm
from sampling.rules.form import PERSONAL
from sampling.services.corrections import decide_correction, request_correction
from sampling.services.samples import void_sample
from sampling.types import SampleState
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_sample, make_team
from tests.factories.web import csrf_token, log_in

CONTACTS = {"party_legal_person": "王德福", "party_contact": "李秀兰", "party_phone": "13905340000"}


@pytest.fixture
def session(committed_database):
    """The job is the owner's, so what it is to erase must be committed."""
    with db.new_session() as opened:
        yield opened


@pytest.fixture
def owner_engine(committed_database):
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def office(session):
    """An administrator and an auditor."""
    organisation = make_organisation()
    return make_person(organisation, Role.ADMINISTRATOR), make_person(organisation, Role.AUDITOR)


@pytest.fixture
def ended(session):
    """A sample with contacts on its form that has come to its end."""
    team = make_team()
    sample_id = make_sample(team, **CONTACTS)
    with unit_of_work(team.samplers[0].actor) as uow:
        asked = request_correction(uow, sample_id, "party_contact", "李秀英", "A slip of the pen.").id
    with unit_of_work(team.planner.actor) as uow:
        decide_correction(uow, asked, None, approves=True)
    with unit_of_work(team.samplers[0].actor) as uow:
        void_sample(uow, sample_id, "The seal tore.")
    return session.get_one(Sample, sample_id)


def ask(office, kind, wanted, reason="The business asked for it."):
    with unit_of_work(office[0].actor) as uow:
        return request_erasure(uow, kind, wanted, reason).id


def decide(office, request_id, *, approves=True, note=None):
    with unit_of_work(office[1].actor) as uow:
        decide_erasure(uow, request_id, note, approves=approves)


@pytest.fixture
def erase(owner_engine):
    """The owner's job."""

    def run():
        with Session(owner_engine) as owner, owner.begin():
            return [one.id for one in erase_approved(owner, clock.now())]

    return run


def salts_of(session, **wanted):
    return session.scalar(sa.select(sa.func.count()).select_from(PersonalSalt).filter_by(**wanted))


def test_contacts_on_a_form_enter_the_ledger_as_digests(session, ended):
    bodies = session.scalars(sa.select(LedgerEvent.body).where(LedgerEvent.chain == ended.ledger_chain())).all()
    assert not [word for word in (*CONTACTS.values(), "李秀英") if any(word in body for body in bodies)]
    assert salts_of(session, table_name="sampling_form", row_key=f"sample_id={ended.id}") == 4


def test_an_approved_erasure_leaves_neither_value_nor_salt_and_the_proofs_hold(session, office, ended, erase):
    asked = ask(office, "sample", ended.sampling_no)
    decide(office, asked)
    assert erase() == [asked]
    session.expire_all()
    form = session.get_one(SamplingForm, ended.id)
    assert [getattr(form, name) for name in PERSONAL] == [None] * len(PERSONAL)
    correction = session.scalars(sa.select(FormCorrection)).one()
    assert (correction.old_value, correction.new_value) == (None, GONE)
    assert salts_of(session, table_name="sampling_form", row_key=f"sample_id={ended.id}") == 0
    done = session.get_one(ErasureRequest, asked)
    assert done.erased_values == 5
    for check in (check_chains, check_replay, check_erased):
        assert check(session).violations == 0
    told = session.scalars(
        sa.select(LedgerEvent.body).where(LedgerEvent.chain == ended.ledger_chain()).order_by(LedgerEvent.seq.desc())
    ).first()
    assert EVENT in told
    assert erase() == []


def test_a_salt_that_was_left_behind_is_found(session, office, ended, erase):
    asked = ask(office, "sample", ended.sampling_no)
    decide(office, asked)
    erase()
    session.execute(
        sa.insert(PersonalSalt).values(
            table_name="sampling_form",
            row_key=f"sample_id={ended.id}",
            column_name="party_phone",
            digest="sha256:00",
            salt=b"0" * 16,
        )
    )
    assert check_erased(session).violations == 1


def test_a_person_goes_after_the_employment_and_stays_who_did_what(session, office, erase):
    organisation = make_organisation()
    somebody = make_person(organisation, Role.SAMPLER, name="赵小满")
    with pytest.raises(ConflictError, match="employed today"):
        ask(office, "person", somebody.username)
    with unit_of_work(office[0].actor) as uow:
        end_employment(uow, somebody.actor.employment_id, local_date(clock.now()) - timedelta(days=1))
    asked = ask(office, "person", somebody.username.upper())
    assert subjects_called(session, [session.get_one(ErasureRequest, asked)]) == {somebody.person_id: somebody.username}
    decide(office, asked)
    erase()
    session.expire_all()
    person = session.get_one(Person, somebody.person_id)
    assert (person.name, person.name_latin) == (GONE, None)
    assert check_replay(session).violations == 0


def test_a_sample_under_way_keeps_who_its_notices_go_to(session, office):
    sample = session.get_one(Sample, make_sample(make_team()))
    assert sample.state is SampleState.SAMPLED
    with pytest.raises(ConflictError, match="come to its end"):
        ask(office, "sample", sample.sampling_no)


def test_a_request_names_something_and_says_why(session, office, ended):
    with pytest.raises(InvalidInputError, match="XBJ0"):
        ask(office, "sample", "XBJ0")
    with pytest.raises(InvalidInputError):
        ask(office, "sample", ended.sampling_no, reason=" ")
    with pytest.raises(NotFoundError):
        ask(office, "dog", ended.sampling_no)
    ask(office, "sample", ended.sampling_no)
    with pytest.raises(ConflictError, match="waits"):
        ask(office, "sample", ended.sampling_no)


def test_two_persons_decide_and_a_declined_one_is_not_done(session, office, ended, erase):
    both = make_person(make_organisation(), Role.ADMINISTRATOR, Role.AUDITOR)
    with unit_of_work(both.actor) as uow:
        asked = request_erasure(uow, "sample", ended.sampling_no, "Asked for.").id
    with pytest.raises(ConflictError, match="somebody else"):
        decide((both, both), asked)
    with pytest.raises(InvalidInputError):
        decide(office, asked, approves=False)
    decide(office, asked, approves=False, note="The case is open.")
    with pytest.raises(ConflictError, match="decided already"):
        decide(office, asked)
    assert erase() == []


def test_the_application_cannot_erase_nor_say_that_it_did(session, office, ended):
    asked = ask(office, "sample", ended.sampling_no)
    decide(office, asked)
    for statement in (
        "DELETE FROM personal_salt",
        "UPDATE erasure_request SET erased_at = now(), erased_values = 1",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text(statement))


def test_nothing_is_called_erased_that_nobody_approved(session, office, ended, owner_engine):
    asked = ask(office, "sample", ended.sampling_no)
    with Session(owner_engine) as owner, pytest.raises(IntegrityError, match="erased_when_approved"):
        owner.execute(
            sa.text("UPDATE erasure_request SET erased_at = now(), erased_values = 1 WHERE id = :id"), {"id": asked}
        )


def test_every_personal_column_belongs_to_somebody_who_can_be_erased(app):
    known = {
        "person": {"name", "name_latin", "phone", "email"},
        "sampling_form": set(PERSONAL),
        "sample_signature": {"signer_name"},
        "form_correction": {"old_value", "new_value"},
        "service": {"receiver"},
        "objection": {"contact"},
        "recheck": {"contact"},
    }
    personal = {
        table.name: {column.name for column in table.columns if column.info.get("personal")}
        for table in Base.metadata.sorted_tables
    }
    assert {name: columns for name, columns in personal.items() if columns} == known
    assert {kind_of(name).name for name in ("person", "sample")} == {"person", "sample"}
    assert (SampleSignature.__tablename__, Service.__tablename__) == ("sample_signature", "service")


@pytest.mark.parametrize(("locale", "words"), [("en", "Approved, not done yet"), ("zh_Hans_CN", "已批准，待执行")])
def test_the_page_leads_from_the_request_to_the_decision(client, office, ended, locale, words):
    client.set_cookie("lims_locale", locale)
    log_in(client, office[0])
    page = "/admin/erasures/"
    token = csrf_token(client, page)
    refused = client.post(page, data={"csrf_token": token, "kind": "sample", "wanted": "XBJ0", "reason": "why not"})
    assert refused.status_code == 422
    assert "XBJ0" in refused.text
    assert "why not" in refused.text
    fields = {"csrf_token": token, "kind": "sample", "wanted": ended.sampling_no, "reason": "Asked for."}
    assert client.post(page, data=fields).status_code == 303
    with db.new_session() as opened:
        asked = opened.scalars(sa.select(ErasureRequest.id)).one()
    log_in(client, office[1])
    assert ended.sampling_no in client.get(page).text, "whose data are decided on is on the page"
    token = csrf_token(client, page)
    assert client.post(f"{page}{asked}", data={"csrf_token": token, "decision": "declined"}).status_code == 422
    assert client.post(f"{page}{asked}", data={"csrf_token": token, "decision": "approved"}).status_code == 303
    assert words in client.get(page).text
