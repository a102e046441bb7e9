"""Files behind the results of a set: attached by its tester, never changed, and opened only inside the laboratory."""

import base64
import hashlib
import io

import pytest
import sqlalchemy as sa

from lims import files
from lims.auth.permissions import Role
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.ledger.models import LedgerEvent
from lims.uow import unit_of_work
from lims.verification import run_checks
from results.raw_data import services
from results.raw_data.models import RawData
from results.raw_data.queries import list_raw_data
from results.services.worklists import begin_testing
from sampling.services.separation import SeparationRefusedError
from tests.factories.people import make_person
from tests.factories.results import make_locked_set, make_test_set
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

CHROMATOGRAM = b"\x00\x01chromatogram\x00 of sequence 7"


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def test_set(team):
    """A set that the team's tester has taken."""
    made = make_test_set(team)
    with unit_of_work(team.tester.actor) as uow:
        begin_testing(uow, made.blind_code)
    return made


def attach(team, test_set, content=CHROMATOGRAM, *, name="seq7.cdf", somebody=None):
    with unit_of_work((somebody or team.tester).actor) as uow:
        return services.attach_raw_data(uow, test_set.blind_code, content, file_name=name, note="铅、镉").id


def test_a_file_is_kept_under_its_digest_which_the_ledger_holds(session, team, test_set):
    attach(team, test_set)
    [one] = list_raw_data(session, test_set.id)
    assert one.sha256 == hashlib.sha256(CHROMATOGRAM).digest()
    told = "".join(session.scalars(sa.select(LedgerEvent.body).where(LedgerEvent.chain == one.ledger_chain())))
    assert one.sha256.hex() in told


def test_the_same_file_is_attached_once(team, test_set):
    attach(team, test_set)
    with pytest.raises(ConflictError, match="attached to this set already"):
        attach(team, test_set, name="again.cdf")


@pytest.mark.parametrize(
    ("content", "name", "words"), [(b"", "a.cdf", "The file is empty"), (b"x", "  ", "The file has no name")]
)
def test_a_file_without_content_or_name_is_refused(team, test_set, content, name, words):
    with pytest.raises(InvalidInputError, match=words):
        attach(team, test_set, content, name=name)


def test_nothing_is_attached_before_the_test_or_behind_a_lock(team):
    for made in (make_test_set(team), make_locked_set(team)):
        with pytest.raises(ConflictError, match="while a set is being tested"):
            attach(team, made)


def test_a_set_has_a_bounded_number_of_files(team, test_set, monkeypatch):
    monkeypatch.setattr(services, "MAX_FILES", 1)
    attach(team, test_set)
    with pytest.raises(ConflictError, match="at most 1 files"):
        attach(team, test_set, b"another")


def test_who_took_the_sample_cannot_attach_to_its_results(team, test_set):
    sampler = team.samplers[0]
    with pytest.raises((SeparationRefusedError, NotFoundError)):
        attach(team, test_set, somebody=sampler)


@pytest.mark.parametrize("statement", ["UPDATE raw_data SET note = ''", "DELETE FROM raw_data"])
def test_the_application_can_neither_change_nor_remove_what_is_attached(session, team, test_set, statement):
    attach(team, test_set)
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        session.execute(sa.text(statement))


def test_a_file_whose_bytes_are_gone_is_found(session, team, test_set):
    content = b"of this test alone: other tests find their files unchanged"
    attach(team, test_set, content)
    [before] = run_checks(session, "raw_data")
    files.path_of(hashlib.sha256(content).digest()).write_bytes(b"changed")
    [after] = run_checks(session, "raw_data")
    assert (before.checked, before.violations, after.violations) == (1, 0, 1)


def test_a_tester_attaches_and_a_reviewer_opens_the_very_bytes(client, session, team, test_set):
    page = f"/raw-data/sets/{test_set.blind_code}"
    log_in(client, team.tester)
    fields = {"csrf_token": csrf_token(client, page), "note": "铅、镉"}
    assert client.post(page, data=fields).status_code == 422
    sent = client.post(
        page, data=fields | {"file": (io.BytesIO(CHROMATOGRAM), "序列7.cdf")}, content_type="multipart/form-data"
    )
    assert sent.status_code == 303
    assert "序列7.cdf" in client.get(f"/bench/{test_set.blind_code}").text
    log_in(client, team.reviewer)
    assert "序列7.cdf" in client.get(f"/review/sets/{test_set.blind_code}").text
    [one] = session.scalars(sa.select(RawData))
    answer = client.get(f"/raw-data/{one.id}")
    assert answer.data == CHROMATOGRAM
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_another_laboratory_finds_neither_the_set_nor_its_file(client, team, test_set):
    one = attach(team, test_set)
    stranger = make_person(make_team().lab_id, Role.TESTER)
    log_in(client, stranger)
    assert client.get(f"/raw-data/{one}").status_code == 404
    assert client.get(f"/raw-data/sets/{test_set.blind_code}").status_code == 404


def test_a_program_attaches_and_lists(client, team, test_set):
    path = f"/api/v1/test-sets/{test_set.blind_code}/raw-data"
    body = {"name": "seq7.cdf", "content_base64": base64.b64encode(CHROMATOGRAM).decode()}
    made = client.post(path, json=body, headers=bearer(team.tester))
    assert made.status_code == 201
    assert made.json["sha256"] == hashlib.sha256(CHROMATOGRAM).hexdigest()
    assert client.get(path, headers=bearer(team.reviewer)).json["items"] == [made.json]
    assert client.post(path, json=body, headers=bearer(team.tester)).status_code == 409
