"""`lims verify national`: what was taken out was signed, and every file holds what it says."""

from lims.verification import check_by_query

REPORTED_UNSIGNED = """
SELECT 'national_export_line', line.export_id || '/' || line.sample_id, 'report_id' FROM national_export_line line
JOIN national_export export ON export.id = line.export_id
JOIN test_report report ON report.id = line.report_id
LEFT JOIN conclusion ON conclusion.report_id = line.report_id AND conclusion.sample_id = line.sample_id
WHERE conclusion.id IS NULL OR conclusion.signed_at > export.taken_at OR report.sample_id <> line.sample_id
"""
MISCOUNTED = """
SELECT 'national_export', export.id::text, 'samples' FROM national_export export
LEFT JOIN national_export_line line ON line.export_id = export.id
GROUP BY export.id, export.samples HAVING count(line.sample_id) <> export.samples
"""


CHECKS = (
    check_by_query(
        "nothing goes to the national system before it is signed",
        "SELECT count(*) FROM national_export_line",
        REPORTED_UNSIGNED,
    ),
    check_by_query(
        "every file for the national system holds as many samples as it says",
        "SELECT count(*) FROM national_export",
        MISCOUNTED,
    ),
)
