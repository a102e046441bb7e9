"""`lims verify quality`: verdicts compute again, rejections were held, and nothing went on while it was held."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.verification import Check, Finding, check_by_query
from results.quality.models import QcVerdict
from results.quality.rules.evaluation import evaluate
from results.quality.rules.stored import case_from_json

BATCH = 2_000

# The batch that a result stood in when something was done with it: the last one opened until then.
WENT_ON_WHILE_HELD = """
WITH done AS (
    SELECT 'result_lock' AS tbl, lock.test_set_id || '/' || lock.seq AS key, lock.test_set_id, lock.locked_at AS at
    FROM result_lock lock
    UNION ALL
    SELECT 'test_report', report.id::text, report.test_set_id, report.composed_at FROM test_report report
    UNION ALL
    SELECT 'conclusion', conclusion.id::text, report.test_set_id, conclusion.signed_at
    FROM conclusion JOIN test_report report ON report.id = conclusion.report_id
),
stood AS (
    SELECT DISTINCT ON (done.tbl, done.key, line.set_item_id) done.tbl, done.key, done.at, line.batch_id, line.item_id
    FROM done
    JOIN test_set_item item ON item.test_set_id = done.test_set_id
    JOIN batch_line line ON line.set_item_id = item.id
    JOIN batch ON batch.id = line.batch_id AND batch.opened_at <= done.at
    ORDER BY done.tbl, done.key, line.set_item_id, batch.opened_at DESC, batch.id DESC
)
SELECT DISTINCT stood.tbl, stood.key, 'held_by_' || hold.id
FROM stood
JOIN qc_hold hold ON hold.batch_id = stood.batch_id AND hold.item_id = stood.item_id
WHERE hold.opened_at < stood.at AND (hold.lifted_at IS NULL OR hold.lifted_at > stood.at)
"""
NOT_HELD = """
SELECT 'qc_verdict', verdict.id::text, 'outcome' FROM qc_verdict verdict
WHERE verdict.outcome = 'rejected' AND EXISTS (
    SELECT FROM batch_line line WHERE line.batch_id = verdict.batch_id AND line.item_id = verdict.item_id
) AND NOT EXISTS (
    SELECT FROM qc_hold hold
    WHERE hold.batch_id = verdict.batch_id AND hold.item_id = verdict.item_id
      AND hold.opened_at <= verdict.evaluated_at
      AND (hold.lifted_at IS NULL OR hold.lifted_at >= verdict.evaluated_at)
)
"""
LIFTED_BY_THE_BENCH = """
SELECT 'qc_hold', hold.id::text, 'lifted_by_id' FROM qc_hold hold
WHERE hold.lifted_by_id IS NOT NULL AND (
    EXISTS (SELECT FROM batch WHERE batch.id = hold.batch_id AND batch.opened_by_id = hold.lifted_by_id)
    OR EXISTS (
        SELECT FROM qc_result result WHERE result.batch_id = hold.batch_id AND result.entered_by_id = hold.lifted_by_id
          AND result.entered_at <= hold.lifted_at
    )
)
"""


def check_verdicts(session: Session) -> Finding:
    """Every verdict of quality control computes again, from what it stored, to the same answer."""
    finding = Finding("every verdict of quality control computes again to the same answer")
    for row in session.scalars(sa.select(QcVerdict).order_by(QcVerdict.id).execution_options(yield_per=BATCH)):
        finding.checked += 1
        try:
            again = evaluate(case_from_json(row.used))
        except (KeyError, TypeError, ValueError, ArithmeticError, IndexError):
            finding.violate("qc_verdict", f"id={row.id}", "used")
            continue
        stored = (row.outcome, row.figure, tuple(row.rules))
        for column, one, other in zip(
            ("outcome", "figure", "rules"), stored, (again.outcome, again.figure, again.rules), strict=True
        ):
            if one != other:
                finding.violate("qc_verdict", f"id={row.id}", column)
                break
    return finding


CHECKS: tuple[Check, ...] = (
    check_verdicts,
    check_by_query("what quality control rejects is held", "SELECT count(*) FROM qc_verdict", NOT_HELD),
    check_by_query(
        "nothing is locked, reported or signed while quality control holds it",
        "SELECT count(*) FROM qc_hold",
        WENT_ON_WHILE_HELD,
    ),
    check_by_query(
        "nobody lifts a hold of a batch they worked on", "SELECT count(*) FROM qc_hold", LIFTED_BY_THE_BENCH
    ),
)
