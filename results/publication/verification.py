"""`lims verify publication`: nothing is public that did not pass the gate."""

from lims.verification import check_by_query

PUBLISHED_UNSERVED = """
SELECT 'publication', publication.sample_id::text, 'published_at' FROM publication
JOIN result_notice notice ON notice.sample_id = publication.sample_id
LEFT JOIN service ON service.notice_id = notice.id
WHERE service.notice_id IS NULL OR service.recorded_at > publication.published_at
"""
PUBLISHED_EARLY = """
SELECT 'publication', publication.sample_id::text, 'published_at' FROM publication
JOIN service ON service.sample_id = publication.sample_id
WHERE service.recheck_until >= (publication.published_at AT TIME ZONE 'Asia/Shanghai')::date
  AND NOT EXISTS (
      SELECT 1 FROM recheck WHERE recheck.sample_id = publication.sample_id AND recheck.state <> 'refused'
        AND recheck.entered_at <= publication.published_at
  )
"""
PUBLISHED_UNQUALIFIED = """
SELECT 'publication', publication.sample_id::text, 'sample_id' FROM publication
JOIN sample ON sample.id = publication.sample_id
JOIN conclusion ON conclusion.sample_id = sample.id
JOIN sampling_plan plan ON plan.id = sample.plan_id
WHERE sample.verdict = 'problem' OR plan.task_category NOT IN ('supervision', 'spot_monitoring')
   OR NOT EXISTS (
      SELECT 1 FROM accreditation held
      WHERE held.organisation_id = sample.lab_id AND held.scheme = 'CMA'
        AND conclusion.issued_on BETWEEN held.valid_from AND held.valid_to
   )
"""
COUNT = "SELECT count(*) FROM publication"


PUBLICATION = (
    check_by_query("nothing is published before everybody was served", COUNT, PUBLISHED_UNSERVED),
    check_by_query("nothing is published before its recheck period is over", COUNT, PUBLISHED_EARLY),
    check_by_query("nothing is published that may not be announced", COUNT, PUBLISHED_UNQUALIFIED),
)
