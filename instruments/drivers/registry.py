"""Finding drivers: those that came with the program and those that other packages offer.

A package offers drivers through the entry point group `fenjian.instrument_drivers`; an entry names a `Driver` or a
tuple of them. One that cannot be imported does not stop the others: it is reported and left out.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.types import Driver
from lims.i18n import bilingual
from lims.i18n import gettext as _

ENTRY_POINT_GROUP = "fenjian.instrument_drivers"
BUILTIN_MODULE = "instruments.drivers.builtin"

log = logging.getLogger(__name__)


class UnknownDriverError(LookupError):
    """No driver has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            _("No driver is called %(name)r; there are %(known)s.", name=name, known=", ".join(sorted(known)))
        )


@dataclass(frozen=True, slots=True)
class BrokenDriver:
    """An entry point that could not be used, and why."""

    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Registry:
    """All drivers by name, and the entry points that could not be used."""

    drivers: Mapping[str, Driver]
    broken: tuple[BrokenDriver, ...]


def collect(offered: Iterable[EntryPoint]) -> Registry:
    """The built-in drivers and those of `offered`; a built-in name cannot be taken over.

    Entry points that lead to our own module are skipped: the built-in drivers are there whether or not the program
    was installed.
    """
    drivers = {driver.name: driver for driver in BUILTIN_DRIVERS}
    broken: list[BrokenDriver] = []
    for entry in offered:
        if entry.module == BUILTIN_MODULE:
            continue
        try:
            loaded = entry.load()
        except Exception as error:  # noqa: BLE001 - whatever a foreign package does, the other drivers must work
            broken.append(BrokenDriver(entry.value, f"{type(error).__name__}: {error}"))
            continue
        for driver in loaded if isinstance(loaded, tuple | list) else (loaded,):
            if not isinstance(driver, Driver):
                broken.append(BrokenDriver(entry.value, _("expected a Driver, got %(found)r", found=driver)))
            elif driver.name in drivers:
                broken.append(BrokenDriver(entry.value, _("the name %(name)r is taken", name=driver.name)))
            else:
                drivers[driver.name] = driver
    for failure in broken:  # a command tells the person itself
        log.info("instrument driver %s left out: %s", failure.entry, failure.reason)
    return Registry(MappingProxyType(drivers), tuple(broken))


@cache
def registry() -> Registry:
    """All drivers of this installation, found once per process."""
    return collect(entry_points(group=ENTRY_POINT_GROUP))


def driver_title(name: str) -> str:
    """What a driver reads, in the language of the page; a driver that only a reader elsewhere has goes by its name."""
    driver = registry().drivers.get(name)
    return name if driver is None else bilingual(driver, "title")


def get_driver(name: str) -> Driver:
    """The driver of this name.

    Raises:
        UnknownDriverError: there is none.
    """
    drivers = registry().drivers
    if name not in drivers:
        raise UnknownDriverError(name, drivers)
    return drivers[name]
