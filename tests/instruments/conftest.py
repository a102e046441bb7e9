from pathlib import Path

import pytest

CAPTURES = "instrument-captures"


@pytest.fixture(scope="session")
def captures(reference_dir: Path) -> Path:
    """Real device bytes from public repositories; see SOURCES.md beside them."""
    return reference_dir / CAPTURES
