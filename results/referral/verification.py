"""`lims verify referrals`: a fail and its referral come together, branches have clocks, accepted samples end once."""

from lims.verification import check_by_query

# Each query answers the rows that violate: the table, its key and the column that is wrong.
FAILS_WITHOUT_REFERRAL = """
SELECT 'conclusion', conclusion.id::text, 'referral_id' FROM conclusion
LEFT JOIN referral ON referral.id = conclusion.referral_id AND referral.conclusion_id = conclusion.id
WHERE conclusion.verdict = 'fail' AND referral.id IS NULL
"""
REFERRALS_WITHOUT_FAIL = """
SELECT 'referral', referral.id::text, 'conclusion_id' FROM referral
LEFT JOIN conclusion ON conclusion.id = referral.conclusion_id AND conclusion.referral_id = referral.id
WHERE conclusion.verdict IS DISTINCT FROM 'fail' OR conclusion.sample_id <> referral.sample_id
"""
WITHOUT_BRANCHES = """
SELECT 'referral', referral.id::text, 'operator_branch_id' FROM referral
LEFT JOIN referral_branch branch ON branch.referral_id = referral.id
GROUP BY referral.id
HAVING count(branch.id) NOT BETWEEN 1 AND 3 OR count(*) FILTER (WHERE branch.kind = 'operator') <> 1
"""
WITHOUT_CLOCK = """
SELECT 'referral_branch', id::text, 'acknowledge_due_at' FROM referral_branch
WHERE num_nulls(acknowledge_due_at, start_due_at, control_due_at, finish_due_at) > 0
"""
NOT_ESCALATED = """
SELECT 'referral_branch', branch.id::text, 'acknowledge_due_at' FROM referral_branch branch
LEFT JOIN branch_escalation mark ON mark.branch_id = branch.id AND mark.mark = 'unacknowledged'
WHERE branch.state = 'open' AND mark.branch_id IS NULL
  AND branch.acknowledge_due_at < (SELECT max(at) FROM branch_escalation) - interval '1 day'
"""
ENDED_OTHERWISE = """
SELECT 'sample', sample.id::text, 'verdict' FROM sample
LEFT JOIN conclusion ON conclusion.sample_id = sample.id
LEFT JOIN recheck_conclusion again ON again.sample_id = sample.id
WHERE sample.verdict IS DISTINCT FROM coalesce(again.verdict, conclusion.verdict)
   OR (sample.verdict IS NOT NULL) <> (sample.state IN ('signed', 'served', 'closed', 'recheck'))
   OR (sample.state = 'not_tested') AND (sample.ended_reason IS NULL OR conclusion.id IS NOT NULL)
"""
CLOSED_WITHOUT_PARTS = """
SELECT 'referral_branch', branch.id::text, 'closed_at' FROM referral_branch branch
LEFT JOIN handling_part part ON part.branch_id = branch.id AND part.is_submitted
  AND part.part IN ('start', 'product_control', 'cause', 'penalty', 'rectification', 'disclosure')
WHERE branch.state = 'closed'
GROUP BY branch.id HAVING count(DISTINCT part.part) < 6
"""
SERVED_WITHOUT_SERVICE = """
SELECT 'sample', sample.id::text, 'state' FROM sample
JOIN result_notice notice ON notice.sample_id = sample.id
LEFT JOIN service ON service.notice_id = notice.id
WHERE sample.state IN ('served', 'recheck', 'closed') AND service.notice_id IS NULL
"""

COUNT_FAILS = "SELECT count(*) FROM conclusion WHERE verdict = 'fail'"
COUNT_REFERRALS = "SELECT count(*) FROM referral"
COUNT_BRANCHES = "SELECT count(*) FROM referral_branch"
COUNT_SAMPLES = "SELECT count(*) FROM sample"


REFERRALS = (
    check_by_query("I12 every fail conclusion has its referral", COUNT_FAILS, FAILS_WITHOUT_REFERRAL),
    check_by_query("I12 every referral has its fail conclusion", COUNT_REFERRALS, REFERRALS_WITHOUT_FAIL),
    check_by_query(
        "I12 every referral has one to three branches, one of them the operator's", COUNT_REFERRALS, WITHOUT_BRANCHES
    ),
    check_by_query("I12 every branch has its clocks", COUNT_BRANCHES, WITHOUT_CLOCK),
    check_by_query("I12 what is not acknowledged in time is escalated", COUNT_BRANCHES, NOT_ESCALATED),
    check_by_query("I5 every accepted sample ends in one way", COUNT_SAMPLES, ENDED_OTHERWISE),
    check_by_query("a closed branch has everything in place", COUNT_BRANCHES, CLOSED_WITHOUT_PARTS),
    check_by_query("a served sample is served on every addressee", COUNT_SAMPLES, SERVED_WITHOUT_SERVICE),
)
