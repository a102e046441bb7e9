"""What `lims verify` proves about results, and that it finds what an owner changed by hand."""

import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims.cluster import Urls
from lims.db import db
from lims.files import path_of
from lims.verification import run_checks
from results.verification import SIGNATURES, VERDICTS
from tests.factories.results import make_computed_set, make_entered_set, make_locked_set, make_signed_report
from tests.factories.sampling import make_team

TAMPERED = {
    "item_result.verdict": (
        "UPDATE item_result SET verdict = 'pass' WHERE verdict = 'fail'",
        {"item_result.verdict", "conclusion.verdict", "result_lock.results_sha256"},
    ),
    "item_result.used": (
        "UPDATE item_result SET used = jsonb_set(used, '{findings,0,value}', '\"0.001\"') WHERE verdict = 'fail'",
        {"item_result.verdict", "result_lock.results_sha256"},
    ),
    "item_result.calculation": (
        "UPDATE item_result SET calculation = jsonb_set(calculation, '{interims,mass}', '\"4.0\"')",
        {"item_result.calculation"},
    ),
    "result_retest.verdict": (
        "UPDATE result_retest SET verdict = 'pass'",
        {"result_retest.verdict", "item_result.verdict"},
    ),
    "test_set_item.limit_text": (
        "UPDATE test_set_item SET limit_text = '≤99' WHERE limit_state = 'found'",
        {"test_set_item.limit_text"},
    ),
    "sample.state": (
        "UPDATE sample SET state = 'locked', verdict = NULL WHERE state = 'signed'",
        {"sample.state"},
    ),
}


def violations(session: Session, topic: str) -> set[str]:
    found = run_checks(session, topic)
    assert all(one.checked for one in found)
    return {f"{example.table}.{example.column}" for one in found for example in one.examples}


def test_what_the_services_did_verifies(session: Session):
    team = make_team()
    make_entered_set(team)
    make_locked_set(team)
    make_signed_report(team)
    make_signed_report(team, "9.1")
    make_computed_set(team)
    for topic in ("verdicts", "signatures"):
        assert violations(session, topic) == set()


@pytest.mark.parametrize("change", TAMPERED)
def test_a_change_by_the_owner_is_named(committed_database: Urls, change: str):
    team = make_team()
    make_signed_report(team, "9.1")
    make_computed_set(team)
    statement, expected = TAMPERED[change]
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
    with db.new_session() as session:
        assert violations(session, "verdicts") == expected


def test_a_report_whose_file_was_changed_is_named(session: Session):
    report = make_signed_report(make_team())
    path = path_of(report.pdf_sha256)
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    try:
        assert violations(session, "signatures") == {"test_report.pdf_sha256"}
    finally:
        path.write_bytes(content)


def test_every_check_has_its_own_sentence(session: Session):
    names = [check(session).invariant for check in (*VERDICTS, *SIGNATURES)]
    assert len(set(names)) == len(names)
