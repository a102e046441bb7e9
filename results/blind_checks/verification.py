"""`lims verify blind_checks`: what checks the laboratory is never reported, and its scores compute again."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.quantities import parse_unit
from lims.verification import Check, Finding
from results.blind_checks.models import BlindCheck, BlindCheckScore, BlindCheckValue
from results.blind_checks.rules import score_known, score_split
from results.blind_checks.types import Known
from results.models import ItemResult
from results.rules.stored import from_json

NOT_APART = """
SELECT 'sample', sample.id::text, 'purpose' FROM sample
LEFT JOIN blind_check ON blind_check.sample_id = sample.id
LEFT JOIN conclusion ON conclusion.sample_id = sample.id
LEFT JOIN sampling_form form ON form.sample_id = sample.id
WHERE (sample.purpose <> 'inspection') <> (blind_check.sample_id IS NOT NULL)
   OR (sample.purpose <> 'inspection' AND (conclusion.id IS NOT NULL OR form.sample_id IS NOT NULL))
   OR (sample.state = 'evaluated') <> (blind_check.outcome IS NOT NULL)
"""


def check_apart(session: Session) -> Finding:
    """A check has no business and no conclusion, and nothing else is evaluated as one."""
    finding = Finding(
        "checks of the laboratory are never reported",
        checked=session.scalar(sa.select(sa.func.count()).select_from(BlindCheck)) or 0,
    )
    for table, key, column in session.execute(sa.text(NOT_APART)):
        finding.violate(table, key, column)
    return finding


def check_scores(session: Session) -> Finding:
    """Every score computes again from the result it was given for."""
    finding = Finding("scores of checks compute again to the same answer")
    compared = sa.orm.aliased(ItemResult)
    rows = session.execute(
        sa.select(BlindCheckScore, BlindCheck, BlindCheckValue, ItemResult, compared)
        .join(BlindCheck, BlindCheck.sample_id == BlindCheckScore.sample_id)
        .join(ItemResult, ItemResult.id == BlindCheckScore.result_id)
        .outerjoin(
            BlindCheckValue,
            sa.and_(
                BlindCheckValue.sample_id == BlindCheckScore.sample_id,
                BlindCheckValue.item_id == BlindCheckScore.item_id,
            ),
        )
        .outerjoin(compared, compared.id == BlindCheckScore.compared_id)
        .order_by(BlindCheckScore.sample_id, BlindCheckScore.item_id)
    )
    for score, check, known, result, original in rows:
        finding.checked += 1
        found = from_json(result.used).findings[0]
        if known is not None:
            unit = parse_unit(known.unit) if known.unit else None
            again = score_known(found, Known(known.expected, known.value, known.deviation, unit))
        else:
            again = score_split(found, from_json(original.used).findings[0], check.most_percent)
        if (again.outcome, again.figure) != (score.outcome, score.figure):
            finding.violate("blind_check_score", f"{score.sample_id}/{score.item_id}", "outcome")
    return finding


CHECKS: tuple[Check, ...] = (check_apart, check_scores)
