"""`lims verify preparations`: concentrations follow from what was taken, and nothing expired was made or used."""

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.quantities import parse_unit
from lims.verification import Check, Finding, check_by_query
from results.preparations.models import Preparation, PreparationParent
from results.preparations.rules import diluted, dilution_factor

LATER_THAN_ITS_PARENT = """
SELECT 'preparation', made.id::text, 'expires_on' FROM preparation made
JOIN preparation_parent parent ON parent.made_id = made.id
LEFT JOIN preparation one ON one.id = parent.preparation_id
LEFT JOIN reagent_lot reagent ON reagent.id = parent.reagent_lot_id
LEFT JOIN control_lot lot ON lot.id = parent.control_lot_id
WHERE made.expires_on > COALESCE(one.expires_on, reagent.expires_on, lot.expires_on)
"""
USED_AFTER_IT_EXPIRED = """
SELECT 'batch_material', used.batch_id || '/' || used.seq, 'noted_at' FROM batch_material used
LEFT JOIN preparation one ON one.id = used.preparation_id
LEFT JOIN reagent_lot reagent ON reagent.id = used.reagent_lot_id
LEFT JOIN control_lot lot ON lot.id = used.control_lot_id
WHERE (used.noted_at AT TIME ZONE 'Asia/Shanghai')::date
          > COALESCE(one.expires_on, reagent.expires_on, lot.expires_on)
   OR used.noted_at > COALESCE(one.discarded_at, lot.withdrawn_at)
"""


def check_concentrations(session: Session) -> Finding:
    """Every concentration that follows from a parent computes again to the same figure."""
    finding = Finding("concentrations of preparations follow from what was taken")
    rows = session.execute(
        sa.select(Preparation, PreparationParent)
        .join(PreparationParent, PreparationParent.made_id == Preparation.id)
        .where(
            Preparation.dilution_factor.is_not(None),
            PreparationParent.concentration.is_not(None),
            PreparationParent.taken.is_not(None),
        )
        .order_by(Preparation.id, PreparationParent.seq)
    )
    for made, parent in rows:
        if parent.taken is None or parent.concentration is None:
            continue  # the query leaves these out
        finding.checked += 1
        factor = dilution_factor(
            parent.taken, parse_unit(parent.taken_unit), made.final_amount or Decimal(0), parse_unit(made.final_unit)
        )
        if factor != made.dilution_factor:
            finding.violate("preparation", f"id={made.id}", "dilution_factor")
        elif (diluted(parent.concentration, factor), parent.unit) != (made.concentration, made.unit):
            finding.violate("preparation", f"id={made.id}", "concentration")
    return finding


CHECKS: tuple[Check, ...] = (
    check_concentrations,
    check_by_query(
        "no preparation outlives what it was made from",
        "SELECT count(*) FROM preparation_parent",
        LATER_THAN_ITS_PARENT,
    ),
    check_by_query(
        "no batch was measured with what had expired or was taken out of use",
        "SELECT count(*) FROM batch_material",
        USED_AFTER_IT_EXPIRED,
    ),
)
