r"""Profiles: what stands where in the export of one instrument. Data in TOML files, one for each export.

name = "seal-aq2"
title = "西尔 AQ2 间断化学分析仪"
title_en = "Seal AQ2 discrete analyser"     # left out: the title in both languages
version = 1

[file]
format = "text"                # or "excel"
delimiter = ","                # "\t" for tabs
sheet = "QRes"                 # of a workbook; left out: the first that has cells
encodings = ["utf-8"]          # left out: ascii, utf-8, gb18030; a byte order mark comes first
wrapped_lines = true           # every line between quotes
decimal_comma = true

header = ["Sample ID", "Test Name", "Result"]     # the row that holds all of these; it may come again
skip_after_header = 1          # rows of units or dashes under it
layout = "rows"                # one reading a row; "matrix": one for every item column

[columns]                      # header text, or "#3" for the third cell of the row
sample = "Sample ID"
item = "Test Name"
value = "Result"
unit = "Units"
measured = ["Date", "Time"]    # joined by a blank
verdict = "Flags"
slot = "Cup"

[attributes]
absorbance = "Absorbance"

[matrix]                       # layout = "matrix"
items = '(?P<item>.+?) \((?P<unit>.+)\)'           # header texts that are items; unit only where it stands there
skip = ["Info"]

[constants]                    # what the instrument always measures
item = "农药残留"
unit = "%"

[preamble]                     # facts in the cells above the header
sample = 'Sample Name: (.+)'

[value]
pattern = '(?P<value>\S+) (?P<unit>%|PPM).*'        # value cells that hold more than the value
over = [">RR"]                 # verdict texts that are a status
invalid = ["? QC"]

[quality_control]
column = "Sample Type"
values = ["Calibration Standard"]

[measured]
format = "%Y%m%d %H:%M"        # left out: year first, as parse_time reads it
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from instruments.types import ProvenOn, ReadingStatus
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.tables import FileFormat

DEFAULT_ENCODINGS = ("ascii", "utf-8", "gb18030")


class Layout(StrEnum):
    """Whether a row is a reading or a sample."""

    ROWS = "rows"
    MATRIX = "matrix"


class ProfileError(ValueError):
    """The profile contradicts itself or names something unknown; the message says what, in the language of who asks."""

    def __init__(self, message: str | LazyString) -> None:
        super().__init__(message)
        self.message = message


_COLUMN_ROLES = frozenset({"sample", "name", "item", "value", "unit", "slot", "verdict", "measured", "record_no"})
_CONSTANT_ROLES = frozenset({"item", "unit"})
_PREAMBLE_ROLES = frozenset({"sample", "item"})
_VALUE_STATUSES = {
    "over": ReadingStatus.OVER,
    "under": ReadingStatus.UNDER,
    "invalid": ReadingStatus.INVALID,
    "na": ReadingStatus.NOT_AVAILABLE,
    "unstable": ReadingStatus.UNSTABLE,
    "uncalibrated": ReadingStatus.UNCALIBRATED,
}
_TABLES = frozenset(
    {
        "name",
        "title",
        "title_en",
        "version",
        "proven_on",
        "file",
        "header",
        "skip_after_header",
        "layout",
        "columns",
        "attributes",
        "matrix",
        "constants",
        "preamble",
        "value",
        "quality_control",
        "measured",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProfile:
    """One profile, checked. See the module for what the fields mean."""

    name: str
    title_zh: str
    title_en: str
    version: int
    proven_on: ProvenOn
    format: FileFormat
    header: tuple[str, ...]
    layout: Layout
    delimiter: str = ","
    sheet: str | None = None
    encodings: tuple[str, ...] = DEFAULT_ENCODINGS
    wrapped_lines: bool = False
    decimal_comma: bool = False
    skip_after_header: int = 0
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    item_pattern: re.Pattern[str] | None = None
    skip_items: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)
    preamble: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    value_pattern: re.Pattern[str] | None = None
    verdict_statuses: Mapping[str, ReadingStatus] = field(default_factory=dict)
    control_column: str = ""
    control_values: frozenset[str] = frozenset()
    measured_format: str = ""


def parse_profile(text: str) -> FileProfile:
    """Read and check one profile.

    Raises:
        ProfileError: it is not TOML, names something unknown, or says nothing about the value.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(_l("The profile is not written in TOML: %(error)s", error=str(error))) from error
    name = str(document.get("name", ""))
    if not name:
        raise ProfileError(_l("A profile needs a name."))
    try:
        profile = _build(name, document)
    except ProfileError:
        raise
    except KeyError as error:
        raise ProfileError(_l("Profile %(name)s lacks %(what)s.", name=name, what=str(error.args[0]))) from error
    except (TypeError, AttributeError, ValueError, re.error) as error:
        raise ProfileError(_l("Profile %(name)s: %(error)s", name=name, error=str(error))) from error
    _check(profile)
    return profile


def _build(name: str, document: Mapping[str, Any]) -> FileProfile:
    _refuse_unknown(name, "", document, _TABLES)
    file = document.get("file", {})
    columns = {role: _names(cells) for role, cells in document.get("columns", {}).items()}
    _refuse_unknown(name, "columns", columns, _COLUMN_ROLES)
    _refuse_unknown(name, "constants", document.get("constants", {}), _CONSTANT_ROLES)
    _refuse_unknown(name, "preamble", document.get("preamble", {}), _PREAMBLE_ROLES)
    value = dict(document.get("value", {}))
    pattern = value.pop("pattern", None)
    _refuse_unknown(name, "value", value, _VALUE_STATUSES)
    matrix = document.get("matrix", {})
    control = document.get("quality_control", {})
    return FileProfile(
        name=name,
        title_zh=document["title"],
        title_en=document.get("title_en", ""),
        version=int(document["version"]),
        proven_on=ProvenOn(document.get("proven_on", ProvenOn.DOCUMENTS)),
        format=FileFormat(file.get("format", FileFormat.TEXT)),
        delimiter=file.get("delimiter", ","),
        sheet=file.get("sheet"),
        encodings=tuple(file.get("encodings", DEFAULT_ENCODINGS)),
        wrapped_lines=bool(file.get("wrapped_lines", False)),
        decimal_comma=bool(file.get("decimal_comma", False)),
        header=tuple(document["header"]),
        skip_after_header=int(document.get("skip_after_header", 0)),
        layout=Layout(document.get("layout", Layout.ROWS)),
        columns=columns,
        attributes=dict(document.get("attributes", {})),
        item_pattern=re.compile(matrix["items"]) if "items" in matrix else None,
        skip_items=frozenset(matrix.get("skip", ())),
        constants=dict(document.get("constants", {})),
        preamble={role: re.compile(text) for role, text in document.get("preamble", {}).items()},
        value_pattern=re.compile(pattern) if pattern else None,
        verdict_statuses={text: _VALUE_STATUSES[kind] for kind, texts in value.items() for text in texts},
        control_column=control.get("column", ""),
        control_values=frozenset(control.get("values", ())),
        measured_format=document.get("measured", {}).get("format", ""),
    )


def _check(profile: FileProfile) -> None:
    name = profile.name
    if not profile.header:
        raise ProfileError(_l("Profile %(name)s: the header row needs at least one text to be known by.", name=name))
    if profile.layout is Layout.ROWS and "value" not in profile.columns:
        raise ProfileError(_l("Profile %(name)s: say which column holds the value.", name=name))
    if profile.layout is Layout.MATRIX and profile.item_pattern is None:
        raise ProfileError(_l("Profile %(name)s: layout matrix needs matrix.items.", name=name))
    for what, pattern in (("matrix.items", profile.item_pattern), ("value.pattern", profile.value_pattern)):
        needed = "item" if what == "matrix.items" else "value"
        if pattern is not None and needed not in pattern.groupindex:
            raise ProfileError(
                _l("Profile %(name)s: %(what)s needs a group called %(group)s.", name=name, what=what, group=needed)
            )


def _refuse_unknown(name: str, table: str, found: Mapping[str, Any], known: Mapping[str, Any] | frozenset[str]) -> None:
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise ProfileError(
            _l(
                "Profile %(name)s: unknown %(unknown)s; known are %(known)s.",
                name=name,
                unknown=", ".join(f"{table}.{word}" if table else word for word in unknown),
                known=", ".join(sorted(known)),
            )
        )


def _names(cells: str | list[str]) -> tuple[str, ...]:
    return (cells,) if isinstance(cells, str) else tuple(cells)


@cache
def builtin_profiles() -> Mapping[str, FileProfile]:
    """The profiles that come with the program, by name."""
    folder = files("instruments.files") / "profiles"
    found = [
        parse_profile(entry.read_text("utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    ]
    return MappingProxyType({profile.name: profile for profile in found})
