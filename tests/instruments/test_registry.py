"""Drivers are found wherever they come from, and a broken one stops no other."""

from importlib.metadata import EntryPoint

import pytest

from instruments.drivers import builtin, registry
from instruments.drivers.registry import UnknownDriverError, collect, get_driver
from instruments.types import Driver, ProvenOn

FOREIGN = Driver(
    name="foreign",
    title_zh="Foreign",
    family="lines",
    proven_on=ProvenOn.DOCUMENTS,
    new_framer=lambda: None,
    parse=lambda _raw, _settings: (),
    source="nowhere",
)
PAIR = (FOREIGN, get_driver("mt-sics"))


def entry(value: str) -> EntryPoint:
    return EntryPoint(name="x", value=value, group=registry.ENTRY_POINT_GROUP)


def test_the_built_in_drivers_are_there_without_any_entry_point():
    assert set(collect([]).drivers) == {driver.name for driver in builtin.BUILTIN_DRIVERS}


def test_the_program_s_own_entry_points_are_not_counted_twice():
    found = collect([entry("instruments.drivers.builtin:BUILTIN_DRIVERS")])
    assert found.broken == ()


def test_a_foreign_driver_is_added():
    assert collect([entry(f"{__name__}:FOREIGN")]).drivers["foreign"] is FOREIGN


def test_one_that_cannot_be_imported_is_reported_and_the_others_work():
    found = collect([entry("no_such_package:driver"), entry(f"{__name__}:FOREIGN"), entry(f"{__name__}:entry")])
    assert "foreign" in found.drivers
    assert [failure.entry for failure in found.broken] == ["no_such_package:driver", f"{__name__}:entry"]


def test_a_built_in_name_cannot_be_taken_over():
    found = collect([entry(f"{__name__}:PAIR")])
    assert found.drivers["mt-sics"] is get_driver("mt-sics")
    assert "is taken" in found.broken[0].reason


def test_an_unknown_driver_is_refused_with_the_known_ones():
    with pytest.raises(UnknownDriverError, match=r"No driver is called 'ttnj-99'.*mt-sics"):
        get_driver("ttnj-99")


@pytest.mark.parametrize("driver", builtin.BUILTIN_DRIVERS, ids=lambda driver: driver.name)
def test_a_driver_says_where_it_is_from_and_shows_examples(driver: Driver):
    assert driver.source
    assert driver.title_en
    assert any("一" <= letter <= "鿿" for letter in driver.title_zh)
    assert driver.examples
    assert driver.name == driver.name.lower()
