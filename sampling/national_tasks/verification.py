"""`lims verify samples`: parts of a task add up, stand in lines of their own, and no batch is counted twice."""

from lims.verification import check_by_query

MORE_THAN_THE_TASK = """
SELECT 'national_task', task.id::text, 'batches' FROM national_task task
JOIN national_task_part part ON part.task_id = task.id
GROUP BY task.id HAVING sum(part.batches) > task.batches
"""
OTHER_THAN_ITS_LINE = """
SELECT 'national_task_part', part.id::text, 'batches' FROM national_task_part part
JOIN plan_line line ON line.id = part.plan_line_id JOIN national_task task ON task.id = part.task_id
JOIN sampling_plan plan ON plan.id = line.plan_id
WHERE line.samples <> part.batches OR plan.organisation_id <> task.regulator_id
   OR line.food_category_id <> task.food_category_id
   OR (line.task_source, line.report_class_a, line.report_class_b, line.region_code)
      IS DISTINCT FROM (task.task_source, task.report_class_a, task.report_class_b, task.region_code)
"""
LINES_OF_NOBODY = """
SELECT 'plan_line', line.id::text, 'task_source' FROM plan_line line
LEFT JOIN national_task_part part ON part.plan_line_id = line.id
WHERE line.task_source IS NOT NULL AND part.id IS NULL
"""
# What is lost is done again, elsewhere or by the reserve: it holds no batch.
MORE_SAMPLES_THAN_BATCHES = """
SELECT 'national_task_part', part.id::text, 'batches' FROM national_task_part part
JOIN sample ON sample.plan_line_id = part.plan_line_id
WHERE sample.state NOT IN ('refused', 'void', 'not_tested')
GROUP BY part.id HAVING count(*) > part.batches
"""
COUNT_TASKS, COUNT_PARTS = "SELECT count(*) FROM national_task", "SELECT count(*) FROM national_task_part"


CHECKS = (
    check_by_query("the parts of a national task are no more than its batches", COUNT_TASKS, MORE_THAN_THE_TASK),
    check_by_query("a part of a national task is its line of a plan", COUNT_PARTS, OTHER_THAN_ITS_LINE),
    check_by_query("a line that the national system gave is a part of its task", COUNT_PARTS, LINES_OF_NOBODY),
    check_by_query("no batch of a national task is counted twice", COUNT_PARTS, MORE_SAMPLES_THAN_BATCHES),
)
