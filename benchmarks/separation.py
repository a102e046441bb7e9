"""Prove the separation of a hundred thousand samples: seven acts each, in three modes."""

import time

from sqlalchemy import text

from benchmarks.harness import Measure, installation
from lims import clock
from lims.db import db
from lims.uow import unit_of_work
from lims.verification import Occasion
from sampling.models import Sample
from sampling.separation_report import as_pdf, prove_separation
from sampling.services.separation import claim_act, sample_tuple
from sampling.types import DutyRole, SeparationMode
from tests.factories.sampling import make_sample, make_team

SAMPLES = 100_000
# Copies are samples that nobody draws, so they need neither task nor shop; their acts are those of the first.
COPY_SAMPLES = """
INSERT INTO sample SELECT (jsonb_populate_record(NULL::sample, to_jsonb(first) || jsonb_build_object(
  'id', gen_random_uuid(), 'sampling_no', first.sampling_no || '-' || copy, 'task_id', NULL, 'business_id', NULL,
  'plan_line_id', NULL, 'purpose', 'known', 'state', 'issued'))).*
FROM sample first, generate_series(1, :copies) AS copy WHERE first.purpose = 'inspection'
"""
COPY_DUTIES = """
INSERT INTO person_sample_duty (sample_id, person_id, side, claimed_at)
SELECT copied.id, duty.person_id, duty.side, duty.claimed_at FROM person_sample_duty duty
JOIN sample first ON first.id = duty.sample_id JOIN sample copied ON copied.plan_id = first.plan_id
AND copied.purpose <> 'inspection'
"""
COPY_ACTS = """
INSERT INTO duty_act (id, sample_id, plan_id, category_id, mode, role, side, person_id, employment_id, organisation_id,
  organisation_kind, party_id, acted_at)
SELECT gen_random_uuid(), copied.id, act.plan_id, act.category_id, act.mode, act.role, act.side, act.person_id,
  act.employment_id, act.organisation_id, act.organisation_kind, act.party_id, act.acted_at
FROM duty_act act JOIN sample first ON first.id = act.sample_id JOIN sample copied ON copied.plan_id = first.plan_id
AND copied.purpose <> 'inspection'
"""


def measure() -> list[Measure]:
    """Seconds of the proof, and of its paper."""
    with installation():
        for mode in SeparationMode:
            team = make_team(mode)
            sample_id = make_sample(team)
            people = {
                DutyRole.RECODER: team.custodian,
                DutyRole.TESTER: team.tester,
                DutyRole.REVIEWER: team.reviewer,
                DutyRole.SIGNATORY: team.signatory,
            }
            for role, somebody in people.items():
                with unit_of_work(somebody.actor) as uow:
                    claim_act(uow, sample_tuple(uow.session.get_one(Sample, sample_id)), role)
        session = db.new_session()
        session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in (COPY_SAMPLES, COPY_DUTIES, COPY_ACTS):
            session.execute(text(statement), {"copies": SAMPLES // 3} if ":copies" in statement else {})
        session.commit()
        session.close()
        with db.read_session() as session:
            begun = time.perf_counter()
            report = prove_separation(session, Occasion(clock.now(), "fenjian/bench"))
            proved = time.perf_counter() - begun
        assert report.exceptions == 0
        samples = sum(one.samples for one in report.modes)
        assert samples > SAMPLES - 3
        begun = time.perf_counter()
        as_pdf(report)
        laid_out = (time.perf_counter() - begun) * 1000
        return [
            Measure(f"separation of {samples:,} samples proved", proved, "s", "≤ 10 s"),
            Measure("  its paper", laid_out, "ms", ""),
        ]
