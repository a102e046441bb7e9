"""`lims verify separation` and `samples`: silent on what the services wrote, loud on what an owner forged."""

import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lims.cluster import Urls
from lims.db import db
from lims.verification import run_checks
from sampling.types import SeparationMode
from tests.factories.sampling import make_sample, make_team


def violated() -> dict[str, set[tuple[str, str]]]:
    with db.read_session() as session:
        findings = [*run_checks(session, "separation"), *run_checks(session, "samples")]
    return {
        finding.invariant: {(one.table, one.column) for one in finding.examples}
        for finding in findings
        if finding.violations
    }


def as_owner(urls: Urls, *statements: str) -> None:
    engine = create_engine(urls.owner, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def test_what_the_services_wrote_violates_nothing(committed_database: Urls):
    for mode in SeparationMode:
        make_sample(make_team(mode))
    assert violated() == {}


def test_an_act_that_an_owner_moved_to_the_other_side_is_named(committed_database: Urls):
    make_sample()
    as_owner(
        committed_database,
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_sample_duty",
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_plan_duty",
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_organisation_duty",
        "INSERT INTO duty_act (id, sample_id, plan_id, category_id, mode, role, side, person_id, employment_id,"
        " organisation_id, organisation_kind, party_id, acted_at)"
        " SELECT gen_random_uuid(), sample_id, plan_id, category_id, mode, 'tester', 'testing', person_id,"
        " employment_id, organisation_id, organisation_kind, party_id, acted_at FROM duty_act"
        " WHERE role = 'sampler' LIMIT 1",
    )
    assert set(violated()) == {
        "I1 nobody is on both sides of a sample",
        "I1 nobody does both jobs in a plan",
        "I1 no group is on both sides of a category where the mode says so",
        "I1 every act has its duty",
    }


def test_a_team_that_an_owner_made_smaller_is_named(committed_database: Urls):
    make_sample()
    as_owner(committed_database, "DELETE FROM duty_act WHERE role = 'accompanying_officer'")
    assert violated() == {"two samplers and an accompanying officer took every sample": {("sample", "id")}}


def test_a_sample_whose_form_an_owner_removed_is_named(committed_database: Urls):
    make_sample()
    as_owner(committed_database, "DELETE FROM sampling_form")
    assert violated() == {"I4 every sample taken has its form": {("sample", "state")}}


def test_an_act_that_an_owner_moved_to_another_mode_is_named(committed_database: Urls):
    make_sample(make_team(SeparationMode.EXTERNAL))
    as_owner(
        committed_database,
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_sample_tuple",
        "UPDATE duty_act SET mode = 'internal' WHERE role = 'sampler'",
    )
    assert set(violated()) == {"I1 every act is of its sample's plan, category and mode"}


def test_a_plan_duty_that_an_owner_flipped_is_named(committed_database: Urls):
    make_sample(make_team(SeparationMode.INTERNAL))
    as_owner(
        committed_database,
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_plan_duty",
        "UPDATE person_plan_duty SET side = 'testing'",
    )
    assert violated()["I1 every act has its duty"] == {("duty_act", "side")}
