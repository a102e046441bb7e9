"""`lims verify separation` and `samples`: the invariants of sampling, each one set-based query."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.verification import Check, Finding

# Each query answers the rows that violate: the table, its key and the column that is wrong.
BOTH_SIDES_OF_A_SAMPLE = """
SELECT 'duty_act', min(id::text), 'side' FROM duty_act
GROUP BY sample_id, person_id HAVING count(DISTINCT side) > 1
"""
BOTH_JOBS_OF_A_PLAN = """
SELECT 'duty_act', min(id::text), 'person_id' FROM duty_act WHERE plan_scope IS NOT NULL
GROUP BY plan_scope, person_id HAVING count(DISTINCT side) > 1
"""
ONE_GROUP_ON_BOTH_SIDES = """
SELECT 'duty_act', min(id::text), 'party_id' FROM duty_act WHERE organisation_scope IS NOT NULL
GROUP BY organisation_scope, category_id, party_id HAVING count(DISTINCT side) > 1
"""
ACTS_WITHOUT_THEIR_DUTY = """
SELECT 'duty_act', act.id::text, 'side' FROM duty_act act
LEFT JOIN person_sample_duty duty
  ON (duty.sample_id, duty.person_id, duty.side) = (act.sample_id, act.person_id, act.side)
WHERE duty.person_id IS NULL
"""
REGULATOR_MODE_WITH_STRANGERS = """
SELECT 'duty_act', id::text, 'organisation_kind' FROM duty_act
WHERE mode = 'regulator' AND role = 'sampler' AND organisation_kind <> 'regulator'
"""
TWO_BENCH_ROLES = """
SELECT 'duty_act', min(id::text), 'role' FROM duty_act
WHERE role IN ('tester', 'reviewer', 'signatory', 'recheck_tester')
GROUP BY sample_id, person_id HAVING count(*) > 1
"""
TEAMS_THAT_ARE_INCOMPLETE = """
SELECT 'sample', sample.id::text, 'id' FROM sample JOIN sampling_form form ON form.sample_id = sample.id
LEFT JOIN duty_act act ON act.sample_id = sample.id
GROUP BY sample.id
HAVING count(*) FILTER (WHERE act.role = 'sampler') < 2
    OR count(*) FILTER (WHERE act.role = 'accompanying_officer') < 1
"""
SAMPLED_WITHOUT_A_FORM = """
SELECT 'sample', sample.id::text, 'state' FROM sample
LEFT JOIN sampling_form form ON form.sample_id = sample.id
WHERE (sample.purpose = 'inspection' AND sample.state NOT IN ('issued', 'void') AND form.sample_id IS NULL)
   OR (sample.purpose <> 'inspection' AND form.sample_id IS NOT NULL)
"""

COUNT_ACTS = "SELECT count(*) FROM duty_act"
COUNT_SAMPLES = "SELECT count(*) FROM sample"


def _check(invariant: str, count: str, query: str) -> Check:
    def run(session: Session) -> Finding:
        finding = Finding(invariant, checked=session.scalar(text(count)) or 0)
        for table, key, column in session.execute(text(query)):
            finding.violate(table, key, column)
        return finding

    return run


SEPARATION = (
    _check("I1 nobody is on both sides of a sample", COUNT_ACTS, BOTH_SIDES_OF_A_SAMPLE),
    _check("I1 nobody does both jobs in a plan", COUNT_ACTS, BOTH_JOBS_OF_A_PLAN),
    _check("I1 no group is on both sides of a category where the mode says so", COUNT_ACTS, ONE_GROUP_ON_BOTH_SIDES),
    _check("I1 every act has its duty", COUNT_ACTS, ACTS_WITHOUT_THEIR_DUTY),
    _check("I1 in regulator mode the regulator samples", COUNT_ACTS, REGULATOR_MODE_WITH_STRANGERS),
    _check("I6 tester, reviewer and signatory are three persons", COUNT_ACTS, TWO_BENCH_ROLES),
)
SAMPLES = (
    _check("I4 every sample taken has its form", COUNT_SAMPLES, SAMPLED_WITHOUT_A_FORM),
    _check("two samplers and an accompanying officer took every sample", COUNT_SAMPLES, TEAMS_THAT_ARE_INCOMPLETE),
)
