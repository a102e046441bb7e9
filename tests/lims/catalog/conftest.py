from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from lims.catalog.load import load_reference

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def catalogue(session: Session) -> Session:
    """A session that sees the shipped reference data."""
    load_reference(session, NOW)
    return session
