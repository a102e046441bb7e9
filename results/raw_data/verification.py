"""`lims verify raw_data`: every file behind a result is there, with the content it was attached with."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims.errors import NotFoundError
from lims.files import read_file
from lims.verification import Finding
from results.raw_data.models import RawData


def check_files(session: Session) -> Finding:
    """The bytes of all raw data lie under their digest."""
    finding = Finding("raw data are there, unchanged")
    for one in session.scalars(sa.select(RawData).order_by(RawData.attached_at, RawData.id)):
        finding.checked += 1
        try:
            read_file(session, one.sha256)
        except NotFoundError:
            finding.violate("raw_data", str(one.id), "sha256")
    return finding
