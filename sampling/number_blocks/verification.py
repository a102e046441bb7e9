"""`lims verify samples`: numbers of blocks have one fate each, on one sample, and no block holds those of another."""

from lims.verification import check_by_query

NUMBER = "block.fixed || lpad((block.first + issued.n - 1)::text, 9, '0') || block.suffix"
USED_WITHOUT_A_SAMPLE = f"""
SELECT 'issued_number', 'series=number_block|scope=' || issued.scope || '|n=' || issued.n, 'fate'
FROM issued_number issued JOIN number_block block ON block.id::text = issued.scope
LEFT JOIN sample ON sample.sampling_no = {NUMBER}
WHERE issued.series = 'number_block' AND (issued.fate = 'used') <> (sample.id IS NOT NULL)
"""  # noqa: S608 - our own constant
BEYOND_ITS_BLOCK = """
SELECT 'number_series', 'series=number_block|scope=' || held.scope, 'last' FROM number_series held
LEFT JOIN number_block block ON block.id::text = held.scope
WHERE held.series = 'number_block' AND (block.id IS NULL OR held.last > block.last - block.first + 1)
"""
# Of a closed block only the numbers that were taken are its own: what was left may have been given again.
IN_TWO_BLOCKS = """
WITH own AS (
    SELECT block.id, block.fixed, block.suffix, block.first,
        CASE WHEN block.closed_at IS NULL THEN block.last ELSE block.first + held.last - 1 END AS last
    FROM number_block block
    JOIN number_series held ON held.series = 'number_block' AND held.scope = block.id::text
)
SELECT 'number_block', one.id::text, 'first' FROM own one JOIN own other
  ON other.fixed = one.fixed AND other.suffix = one.suffix AND other.id <> one.id
 AND other.first <= one.first AND other.last >= one.first AND one.last >= one.first
"""


CHECKS = (
    check_by_query(
        "I4 every number of a block that was taken stands on its sample, or on none",
        "SELECT count(*) FROM issued_number WHERE series = 'number_block'",
        USED_WITHOUT_A_SAMPLE,
    ),
    check_by_query(
        "I4 no block leases more numbers than it has", "SELECT count(*) FROM number_block", BEYOND_ITS_BLOCK
    ),
    check_by_query("I4 no number stands in two blocks", "SELECT count(*) FROM number_block", IN_TWO_BLOCKS),
)
