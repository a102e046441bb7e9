"""The proof of separation that an auditor files: right figures by mode, the same on page, API, command and paper."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.auth.permissions import Role
from lims.cluster import Urls
from lims.db import db
from lims.verification import Occasion
from sampling.separation_report import ModeFigures, prove_separation
from sampling.services.separation import SeparationRefusedError
from sampling.types import DutyRole, SeparationMode
from tests.conftest import NOW
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_plan, make_sample, make_team
from tests.factories.web import bearer, log_in
from tests.sampling.test_separation import act
from tests.sampling.test_verification import as_owner

HERE = Occasion(NOW, "fenjian/lims.example")


@pytest.fixture
def lims(app: Flask, committed_database: Urls, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line, on the database of this test instead of that of the settings."""
    monkeypatch.setattr("lims.runtime.connect", lambda _app: None)
    monkeypatch.setattr("lims.runtime.disconnect", lambda: None)
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


def figures(session: Session) -> dict[SeparationMode, ModeFigures]:
    return {one.mode: one for one in prove_separation(session, HERE).modes}


def test_each_mode_is_counted_for_itself(session: Session):
    internal, external = make_team(SeparationMode.INTERNAL), make_team(SeparationMode.EXTERNAL)
    plan_id = make_plan(external, samples=2)
    sample_id = make_sample(internal)
    for _ in range(2):
        make_sample(external, plan_id)
    act(internal.tester, sample_id, DutyRole.TESTER)
    with pytest.raises(SeparationRefusedError):
        act(internal.samplers[0], sample_id, DutyRole.TESTER)
    found = figures(session)
    assert found[SeparationMode.INTERNAL] == ModeFigures(SeparationMode.INTERNAL, 1, 1, 4, 4, 2, 1, 0)
    assert found[SeparationMode.EXTERNAL] == ModeFigures(SeparationMode.EXTERNAL, 1, 2, 6, 3, 2, 0, 0)
    assert found[SeparationMode.REGULATOR] == ModeFigures(SeparationMode.REGULATOR, 0, 0, 0, 0, 0, 0, 0)


def test_an_exception_stands_in_its_mode_and_its_row_is_named(committed_database: Urls):
    make_sample(make_team(SeparationMode.INTERNAL))
    make_sample(make_team(SeparationMode.EXTERNAL))
    as_owner(
        committed_database,
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_sample_duty",
        "UPDATE person_sample_duty SET side = 'testing' WHERE (sample_id, person_id) ="
        " (SELECT sample_id, person_id FROM duty_act WHERE mode = 'external' AND role = 'sampler' LIMIT 1)",
    )
    with db.read_session() as session:
        report = prove_separation(session, HERE)
    assert {one.mode: one.exceptions for one in report.modes} == {
        SeparationMode.INTERNAL: 0,
        SeparationMode.EXTERNAL: 1,
        SeparationMode.REGULATOR: 0,
    }
    assert report.exceptions == 1


def pdf_text(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_the_auditor_sees_the_proof_and_files_it_in_three_forms(app: Flask, client: FlaskClient, session: Session):
    team = make_team()
    make_sample(team)
    auditor = make_person(team.regulator_id, Role.AUDITOR)
    browser = log_in(client, auditor)
    browser.get("/language/en")
    page = browser.get("/ops/separation").text
    assert "Exceptions: 0" in page
    facts = json.loads(browser.get("/ops/separation/report.json").data)
    assert [one["samples"] for one in facts["modes"]] == [0, 1, 0]
    filed = browser.get("/ops/separation/report.html")
    assert filed.headers["Content-Disposition"] == 'attachment; filename="separation-2026-09-14.html"'
    assert "<script" not in filed.text
    assert "Exceptions: 0" in pdf_text(browser.get("/ops/separation/report.pdf").data)
    answer = app.test_client().get("/api/v1/separation", headers=bearer(auditor)).json
    assert answer["exceptions"] == 0
    assert [one["violations"] for one in answer["invariants"]] == [0] * 7


def test_nobody_else_reads_it(app: Flask, session: Session):
    for role in (Role.PLANNER, Role.TESTER, Role.ADMINISTRATOR):
        stranger = make_person(make_organisation(), role)
        assert log_in(app.test_client(), stranger).get("/ops/separation").status_code == 403


@pytest.mark.parametrize("ending", ["html", "json", "pdf"])
def test_the_command_writes_one_file_by_its_ending(lims: Callable[..., Result], tmp_path: Path, ending: str):
    make_sample()
    path = tmp_path / f"proof.{ending}"
    answer = lims("verify", "separation", "--report", path)
    assert answer.exit_code == 0, answer.output
    begins = {"html": b"<!doctype html>", "json": b"{", "pdf": b"%PDF-"}
    assert path.read_bytes().startswith(begins[ending])


def test_the_command_writes_all_into_a_folder_and_refuses_what_it_cannot(lims: Callable[..., Result], tmp_path: Path):
    make_sample()
    assert lims("verify", "separation", "--report", tmp_path / "filed").exit_code == 0
    assert [one.suffix for one in sorted((tmp_path / "filed").iterdir())] == [".html", ".json", ".pdf"]
    odd = lims("verify", "separation", "--report", tmp_path / "proof.docx")
    assert (odd.exit_code, ".docx" in odd.output) == (2, True)
    unknown = lims("verify", "numbers", "--report", tmp_path / "x.pdf")
    assert (unknown.exit_code, "separation" in unknown.output) == (2, True)


def test_the_command_tells_a_violation_by_its_status_and_still_writes_the_report(
    lims: Callable[..., Result], committed_database: Urls, tmp_path: Path
):
    make_sample()
    as_owner(
        committed_database,
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_sample_tuple",
        "UPDATE duty_act SET mode = 'internal' WHERE role = 'sampler'",
    )
    path = tmp_path / "proof.json"
    assert lims("verify", "separation", "--report", path).exit_code == 1
    assert json.loads(path.read_text(encoding="utf8"))["exceptions"] == 2
