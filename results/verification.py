"""`lims verify verdicts` and `signatures`: what conclusions stand on, computed again over the whole database."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.errors import LimsError
from lims.files import path_of
from lims.verification import Finding, check_by_query
from results.models import Conclusion, ItemResult, ResultLock, ResultRetest, TestReport, TestSet, TestSetItem
from results.rules.conclusion import conclude
from results.rules.formulas import calculate, get_formula, is_rounding_of
from results.rules.frozen import judge_line
from results.rules.stored import from_json
from results.services.review import digest_of
from results.types import SampleVerdict, TestSetState

BATCH = 2_000

FROZEN_LIMITS_THAT_DIFFER = """
SELECT 'test_set_item', line.id::text, 'limit_text' FROM test_set_item line
JOIN food_limit original ON original.id = line.limit_id
WHERE (line.limit_text, line.limit_unit) IS DISTINCT FROM (original.limit_text, original.unit)
   OR line.item_id <> original.item_id
"""
NOT_THREE_PERSONS = """
WITH parts AS (
    SELECT sample_id, entered_by_id AS person_id, 'tester' AS part FROM item_result
    UNION SELECT sample_id, reviewer_id, 'reviewer' FROM result_lock
    UNION SELECT sample_id, approved_by_id, 'reviewer' FROM item_result WHERE approved_by_id IS NOT NULL
    UNION SELECT sample_id, signatory_id, 'signatory' FROM conclusion
)
SELECT 'conclusion', sample_id::text, 'signatory_id' FROM parts
GROUP BY sample_id, person_id HAVING count(*) > 1
UNION ALL
SELECT 'conclusion', parts.sample_id::text, 'signatory_id' FROM parts
JOIN duty_act act ON act.sample_id = parts.sample_id AND act.person_id = parts.person_id AND act.side = 'sampling'
"""
NOT_ONE_ENDING = """
SELECT 'sample', sample.id::text, 'state' FROM sample
LEFT JOIN conclusion ON conclusion.sample_id = sample.id
WHERE (sample.state IN ('signed', 'served', 'closed', 'recheck')) <> (conclusion.id IS NOT NULL)
   OR (sample.state IN ('refused', 'void', 'not_tested')) <> (sample.ended_reason IS NOT NULL)
UNION ALL
SELECT 'test_set', one.id::text, 'state' FROM test_set one JOIN sample ON sample.id = one.sample_id
WHERE (one.state = 'given_up') <> (sample.state = 'not_tested')
   OR (one.state = 'locked') <> (sample.state IN ('locked', 'signed', 'served', 'closed', 'recheck', 'evaluated'))
"""
SIGNED_OTHERWISE = """
SELECT 'conclusion', conclusion.id::text, 'pdf_sha256' FROM conclusion
JOIN test_report report ON report.id = conclusion.report_id
WHERE (report.sample_id, report.pdf_sha256, report.verdict, report.signatory_id, report.issued_on)
   IS DISTINCT FROM (conclusion.sample_id, conclusion.pdf_sha256, conclusion.verdict, conclusion.signatory_id,
                     conclusion.issued_on)
   OR conclusion.signed_at - conclusion.confirmed_at NOT BETWEEN interval '0' AND interval '5 minutes'
   OR conclusion.issued_on <> (conclusion.signed_at AT TIME ZONE 'Asia/Shanghai')::date
"""


# A retest belongs to the version that stood when the reviewer locked; corrections after it have retests of their own.
FAILS_NOT_BORNE_OUT = """
SELECT 'item_result', result.id::text, 'verdict' FROM result_lock lock
JOIN test_set_item line ON line.test_set_id = lock.test_set_id
JOIN LATERAL (
    SELECT * FROM item_result one WHERE one.set_item_id = line.id AND one.entered_at <= lock.locked_at
    ORDER BY one.version DESC LIMIT 1
) result ON true
LEFT JOIN result_retest retest ON retest.set_item_id = result.set_item_id AND retest.version = result.version
    AND retest.tested_at <= lock.locked_at AND retest.verdict = 'fail'
WHERE result.verdict = 'fail' AND retest.id IS NULL AND EXISTS (
    SELECT FROM rule_parameter rule WHERE rule.code = 'fail_retest' AND rule.value <> 0 AND rule.superseded_at IS NULL
    AND rule.recorded_at <= lock.locked_at -- what was locked before the rule came is not held to it
    AND rule.valid_from <= (lock.locked_at AT TIME ZONE 'Asia/Shanghai')::date
    AND (rule.valid_to IS NULL OR rule.valid_to >= (lock.locked_at AT TIME ZONE 'Asia/Shanghai')::date)
)
"""


JudgedT = TypeVar("JudgedT", ItemResult, ResultRetest)


def check_verdicts(session: Session) -> Finding:
    """I8: every stored verdict computes again, from what it stored, to the same answer."""
    finding = Finding("I8 every verdict computes again to the same answer")
    return _judge_again(session, finding, ItemResult, ("verdict", "rule", "compared_value"))


def check_retests(session: Session) -> Finding:
    """The same of the second measurement of a fail."""
    finding = Finding("I8 every retest computes again to the same answer")
    return _judge_again(session, finding, ResultRetest, ("verdict",))


def _judge_again(session: Session, finding: Finding, judged: type[JudgedT], columns: Sequence[str]) -> Finding:
    rows = session.execute(
        sa.select(judged, TestSetItem.limit_state, TestSetItem.basis)
        .join(TestSetItem, TestSetItem.id == judged.set_item_id)
        .order_by(judged.id)
        .execution_options(yield_per=BATCH)
    )
    for row, limit_state, basis in rows:
        finding.checked += 1
        try:
            again = judge_line(from_json(row.used), limit_state, basis)
        except (KeyError, TypeError, ValueError):
            finding.violate(judged.__tablename__, f"id={row.id}", "used")
            continue
        for column in columns:
            if getattr(again, column) != getattr(row, column):
                finding.violate(judged.__tablename__, f"id={row.id}", column)
                break
    return finding


def check_calculations(session: Session) -> Finding:
    """Every computed result computes again from its interim values, and was rounded once."""
    finding = Finding("I8 every computed result computes again from its interim values")
    rows = session.execute(
        sa.select(ItemResult.id, ItemResult.entered_text, ItemResult.calculation, TestSetItem.unit)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(ItemResult.calculation.is_not(None))
        .order_by(ItemResult.id)
        .execution_options(yield_per=BATCH)
    )
    for result_id, text, stored, unit in rows:
        finding.checked += 1
        try:
            formula, value = get_formula(stored["formula"]), calculate(stored["formula"], stored["interims"])
            stands = value == Decimal(stored["value"]) and is_rounding_of(text, formula, value, unit)
        except (KeyError, TypeError, ArithmeticError, LimsError):
            stands = False
        if not stands:
            finding.violate("item_result", f"id={result_id}", "calculation")
    return finding


def check_locks(session: Session) -> Finding:
    """I7: what stands in a locked set is what its reviewer locked."""
    finding = Finding("I7 locked results stand as they were locked")
    rows = session.execute(
        sa.select(TestSetItem.test_set_id, ItemResult)
        .join(ItemResult, ItemResult.set_item_id == TestSetItem.id)
        .join(TestSet, TestSet.id == TestSetItem.test_set_id)
        .where(TestSet.state == TestSetState.LOCKED)
        .order_by(TestSetItem.test_set_id, ItemResult.set_item_id, ItemResult.version)
    )
    locks = {
        lock.test_set_id: lock
        for lock in session.scalars(sa.select(ResultLock).order_by(ResultLock.test_set_id, ResultLock.seq))
    }
    for test_set_id, group in groupby(rows, key=lambda row: row[0]):
        finding.checked += 1
        standing = {result.set_item_id: result for _set_id, result in group}
        lock = locks.get(test_set_id)
        if lock is None or lock.results_sha256 != digest_of(standing):
            finding.violate("result_lock", f"test_set_id={test_set_id}", "results_sha256")
    return finding


def check_conclusions(session: Session) -> Finding:
    """I5: every conclusion is what its results give."""
    finding = Finding("I5 every conclusion follows from its results")
    rows = session.execute(
        sa.select(Conclusion.id, Conclusion.verdict, ItemResult.set_item_id, ItemResult.verdict)
        .join(ItemResult, ItemResult.sample_id == Conclusion.sample_id)
        .order_by(Conclusion.id, ItemResult.set_item_id, ItemResult.version)
    )
    for (conclusion_id, verdict), group in groupby(rows, key=lambda row: (row[0], row[1])):
        finding.checked += 1
        standing = {set_item_id: item for _id, _verdict, set_item_id, item in group}
        if conclude(standing.values()) is not SampleVerdict(verdict.value):
            finding.violate("conclusion", f"id={conclusion_id}", "verdict")
    return finding


def check_files(session: Session) -> Finding:
    """The PDF of every report lies on disk with the very hash that was signed."""
    finding = Finding("every report is on disk as it was signed")
    rows = session.execute(sa.select(TestReport.id, TestReport.pdf_sha256).order_by(TestReport.id))
    for report_id, sha256 in rows:
        finding.checked += 1
        path = path_of(sha256)
        if not path.is_file() or hashlib.sha256(path.read_bytes()).digest() != sha256:
            finding.violate("test_report", f"id={report_id}", "pdf_sha256")
    return finding


VERDICTS = (
    check_verdicts,
    check_by_query(
        "I8 every worklist line keeps the limit as the catalogue has it",
        "SELECT count(*) FROM test_set_item WHERE limit_id IS NOT NULL",
        FROZEN_LIMITS_THAT_DIFFER,
    ),
    check_calculations,
    check_retests,
    check_by_query(
        "every fail was borne out by a retest before its lock",
        "SELECT count(*) FROM item_result",
        FAILS_NOT_BORNE_OUT,
    ),
    check_locks,
    check_conclusions,
    check_by_query("I5 every sample ends in one way", "SELECT count(*) FROM sample", NOT_ONE_ENDING),
)
SIGNATURES = (
    check_by_query("I6 three persons stand behind a conclusion", "SELECT count(*) FROM conclusion", NOT_THREE_PERSONS),
    check_by_query(
        "every signature is on the report that was shown", "SELECT count(*) FROM conclusion", SIGNED_OTHERWISE
    ),
    check_files,
)
