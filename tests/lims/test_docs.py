"""The documentation names what there is: commands, events, permissions, settings, links."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PACKAGES = ("lims", "citizen_votes", "sampling", "chain_of_custody", "instruments", "results")
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """The program that writes the reference pages."""
    spec = importlib.util.spec_from_file_location("reference_writer", REFERENCE / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["commands.md", "events.md", "permissions.md"])
def test_a_reference_page_is_what_the_code_says(app, writer, page):
    written = (REFERENCE / page).read_text("utf8")
    assert written == writer.pages(app)[page], "the code has moved on: run `make reference`"


def test_every_setting_is_documented():
    code = "".join(path.read_text("utf8") for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    names = set(re.findall(r"\bLIMS_[A-Z_]+[A-Z]\b", code + (ROOT / "app.py").read_text("utf8")))
    assert names
    text = (DOCS / "deployment.md").read_text("utf8")
    assert sorted(name for name in names if f"`{name}`" not in text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_that_exists(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf8"))
    own = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in own if not (page.parent / link).exists()] == []
