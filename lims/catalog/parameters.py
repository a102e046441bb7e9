"""Several rule parameters of a day at once."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.catalog.models import RuleParameter
from lims.reading import read_once


@read_once
def parameters_in_force(session: Session, codes: frozenset[str], on_date: date) -> Mapping[str, Decimal]:
    """The values of several rule parameters on a day, by code; what is not in force is left out."""
    rows = session.execute(
        sa.select(RuleParameter.code, RuleParameter.value).where(
            RuleParameter.code.in_(codes),
            RuleParameter.superseded_at.is_(None),
            RuleParameter.valid_from <= on_date,
            sa.or_(RuleParameter.valid_to.is_(None), RuleParameter.valid_to >= on_date),
        )
    )
    return {row.code: row.value for row in rows}
