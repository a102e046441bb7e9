"""The people and the item around a batch."""

import pytest

from tests.factories.quality import line_of, make_quality_manager
from tests.factories.results import make_test_set
from tests.factories.sampling import make_team


@pytest.fixture
def team(session):
    return make_team()


@pytest.fixture
def manager(team):
    return make_quality_manager(team)


@pytest.fixture
def lead(team):
    """The test item of the method, from a worklist."""
    made = make_test_set(team)
    return line_of(made).item
