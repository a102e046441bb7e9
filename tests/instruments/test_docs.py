"""docs/drivers.md names what there is."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree

from instruments.cli import instruments
from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.drivers.registry import ENTRY_POINT_GROUP
from instruments.framing.base import unfold
from instruments.kit import check_driver
from instruments.simulator import Fault

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "drivers.md").read_text("utf-8")
TEMPLATE = ROOT / "docs" / "driver-template"


def test_every_driver_stands_in_the_document_with_what_it_was_proven_on():
    for driver in BUILTIN_DRIVERS:
        [row] = [line for line in DOCUMENT.splitlines() if line.startswith("|") and f"`{driver.name}`" in line]
        assert row.rstrip("| ").endswith(driver.proven_on)


def test_every_command_and_fault_stands_in_the_document():
    assert set(re.findall(r"`lims instruments (\w+)", DOCUMENT)) == set(instruments.commands)
    assert all(fault in DOCUMENT for fault in Fault)


def test_the_driver_of_the_document_works():
    [code] = [
        block for block in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if "LUMINOMETER = Driver(" in block
    ]
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - it is our own document
    driver = names["LUMINOMETER"]
    events = unfold(driver.new_framer().feed(b"".join(driver.examples)))
    readings = [reading for event in events for reading in driver.parse(event.raw, {})]
    assert [(reading.value_text, reading.status) for reading in readings] == [("1234", "ok"), ("OVER", "over")]
    check_driver(driver)


def test_the_template_is_the_driver_of_the_document_and_stands_its_own_tests(tmp_path: Path):
    copy = tmp_path / "our-drivers"
    copytree(TEMPLATE, copy)
    driver = (copy / "our_drivers" / "luminometer.py").read_text("utf-8")
    assert driver.partition("\n\n")[2] in DOCUMENT
    offered = tomllib.loads((copy / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert offered[ENTRY_POINT_GROUP]["luminometer"] in DOCUMENT
    proof = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in proof.stdout, proof.stdout + proof.stderr
