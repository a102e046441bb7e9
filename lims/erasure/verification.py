"""`lims verify ledger`: what was erased has left nothing by which it could be found again."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.erasure.models import ErasureRequest
from lims.erasure.subjects import kind_of
from lims.ledger.capture import row_key_text
from lims.ledger.models import PersonalSalt
from lims.verification import Finding


def check_erased(session: Session) -> Finding:
    """No salt is left of any column that was erased."""
    finding = Finding("what was erased has left no salt")
    done = session.scalars(
        sa.select(ErasureRequest).where(ErasureRequest.erased_at.is_not(None)).order_by(ErasureRequest.id)
    )
    for request in done:
        for place in kind_of(request.subject_kind).places(session, request.subject_id):
            finding.checked += 1
            left = session.scalars(
                sa.select(PersonalSalt.column_name).where(
                    PersonalSalt.table_name == place.table,
                    PersonalSalt.row_key == row_key_text(place.key),
                    PersonalSalt.column_name.in_(list(place.columns)),
                )
            )
            for column in left:
                finding.violate(place.table, row_key_text(place.key), column)
    return finding
