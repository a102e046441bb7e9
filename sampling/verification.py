"""`lims verify separation` and `samples`: the invariants of sampling, each one set-based query."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from lims.verification import Check, Finding, check_by_query, count_rows

# Each query answers the rows that violate: the table, its key, the column that is wrong, and the mode it happened in.
BOTH_SIDES_OF_A_SAMPLE = """
SELECT 'duty_act', min(id::text), 'side', min(mode) FROM duty_act
GROUP BY sample_id, person_id HAVING count(DISTINCT side) > 1
"""
BOTH_JOBS_OF_A_PLAN = """
SELECT 'duty_act', min(id::text), 'person_id', min(mode) FROM duty_act WHERE plan_scope IS NOT NULL
GROUP BY plan_scope, person_id HAVING count(DISTINCT side) > 1
"""
ONE_GROUP_ON_BOTH_SIDES = """
SELECT 'duty_act', min(id::text), 'party_id', min(mode) FROM duty_act WHERE organisation_scope IS NOT NULL
GROUP BY organisation_scope, category_id, party_id HAVING count(DISTINCT side) > 1
"""
ACTS_WITHOUT_THEIR_DUTY = """
SELECT 'duty_act', act.id::text, 'side', act.mode FROM duty_act act
LEFT JOIN person_sample_duty of_sample
  ON (of_sample.sample_id, of_sample.person_id, of_sample.side) = (act.sample_id, act.person_id, act.side)
LEFT JOIN person_plan_duty of_plan
  ON (of_plan.plan_id, of_plan.person_id, of_plan.side) = (act.plan_scope, act.person_id, act.side)
LEFT JOIN organisation_duty of_party
  ON (of_party.plan_id, of_party.category_id, of_party.party_id, of_party.side)
   = (act.organisation_scope, act.category_id, act.party_id, act.side)
WHERE of_sample.person_id IS NULL
   OR (act.plan_scope IS NOT NULL AND of_plan.person_id IS NULL)
   OR (act.organisation_scope IS NOT NULL AND of_party.party_id IS NULL)
"""
ACTS_OF_ANOTHER_SAMPLE = """
SELECT 'duty_act', act.id::text, 'mode', act.mode FROM duty_act act
LEFT JOIN sample
  ON (sample.id, sample.plan_id, sample.category_id, sample.mode)
   = (act.sample_id, act.plan_id, act.category_id, act.mode)
LEFT JOIN plan_category planned
  ON (planned.plan_id, planned.category_id, planned.mode) = (act.plan_id, act.category_id, act.mode)
WHERE sample.id IS NULL OR planned.plan_id IS NULL
"""
REGULATOR_MODE_WITH_STRANGERS = """
SELECT 'duty_act', act.id::text, 'organisation_kind', act.mode FROM duty_act act
JOIN organisation body ON body.id = act.organisation_id
WHERE act.mode = 'regulator' AND act.role = 'sampler' AND NOT (act.organisation_kind = 'regulator'
  AND body.kind = 'regulator')
"""
TWO_BENCH_ROLES = """
SELECT 'duty_act', min(id::text), 'role', min(mode) FROM duty_act
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


@dataclass(frozen=True, slots=True)
class Proof:
    """One invariant of separation: how many rows it is about, and what violates it."""

    invariant: str
    query: str

    def run(self, session: Session, checked: int) -> tuple[Finding, Counter[str]]:
        """What violates it, and how often in each mode."""
        finding, modes = Finding(self.invariant, checked=checked), Counter[str]()
        for table, key, column, mode in session.execute(text(self.query)):
            finding.violate(table, key, column)
            modes[mode] += 1
        return finding, modes


PROOFS = (
    Proof("I1 nobody is on both sides of a sample", BOTH_SIDES_OF_A_SAMPLE),
    Proof("I1 nobody does both jobs in a plan", BOTH_JOBS_OF_A_PLAN),
    Proof("I1 no group is on both sides of a category where the mode says so", ONE_GROUP_ON_BOTH_SIDES),
    Proof("I1 every act has its duty", ACTS_WITHOUT_THEIR_DUTY),
    Proof("I1 every act is of its sample's plan, category and mode", ACTS_OF_ANOTHER_SAMPLE),
    Proof("I1 in regulator mode the regulator samples", REGULATOR_MODE_WITH_STRANGERS),
    Proof("I6 tester, reviewer and signatory are three persons", TWO_BENCH_ROLES),
)


def count_acts(session: Session) -> int:
    """How many acts there are to prove."""
    return count_rows(session, COUNT_ACTS)


def _of_proof(proof: Proof) -> Check:
    return lambda session: proof.run(session, count_acts(session))[0]


SEPARATION = tuple(_of_proof(proof) for proof in PROOFS)
SAMPLES = (
    check_by_query("I4 every sample taken has its form", COUNT_SAMPLES, SAMPLED_WITHOUT_A_FORM),
    check_by_query(
        "two samplers and an accompanying officer took every sample", COUNT_SAMPLES, TEAMS_THAT_ARE_INCOMPLETE
    ),
)
