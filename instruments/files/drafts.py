"""A profile as a technician draws it up: what each column of one file means, before it is saved as a profile.

The draft is written out in the very form of the shipped profiles and read back by `parse_profile`, so that what was
previewed is what will be used.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from instruments.files.profiles import DEFAULT_ENCODINGS, FileProfile, parse_profile
from instruments.parsing.values import parse_value
from lims.tables import FileFormat, Table

WORKBOOK_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
DELIMITERS = (",", "\t", ";", "|")
LOOKED_AT = 60  # rows in which a header may stand
_NAME = re.compile(r"[^\w]+")


class ColumnRole(StrEnum):
    """What a column says of its row."""

    IGNORED = "ignored"
    SAMPLE = "sample"
    ITEM = "item"
    VALUE = "value"
    UNIT = "unit"
    SLOT = "slot"
    VERDICT = "verdict"
    MEASURED = "measured"
    RECORD_NO = "record_no"
    NAME = "name"
    ITEM_VALUE = "item_value"  # the heading is an item, the cell its value
    CONTROL = "control"  # says which rows are blanks and controls
    ATTRIBUTE = "attribute"  # kept beside the reading


# Headings as exports spell them. A column is proposed by them, and a person confirms.
_WORDS = (
    (
        ColumnRole.SAMPLE,
        ("样品编号", "样本号", "样品号", "盲样编号", "样本编号", "编号", "sample id", "sampleid", "sample"),
    ),
    (ColumnRole.ITEM, ("检测项目", "检验项目", "项目", "test name", "analyte", "test", "item", "parameter")),
    (ColumnRole.VALUE, ("检测结果", "检测值", "浓度", "抑制率", "结果", "result", "concentration", "conc", "value")),
    (ColumnRole.UNIT, ("单位", "units", "unit")),
    (ColumnRole.SLOT, ("孔号", "通道", "channel", "well", "cup", "position", "slot")),
    (ColumnRole.VERDICT, ("判定", "结论", "flag", "remark", "verdict")),
    (ColumnRole.MEASURED, ("检测时间", "时间", "日期", "date", "time")),
    (ColumnRole.RECORD_NO, ("序号", "流水号", "record", "no.")),
    (ColumnRole.NAME, ("样品名称", "样本名称", "名称", "sample name")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDraft:
    """What a technician said about a file.

    Attributes:
        name: of the profile; files are listed under it.
        header_row: number of the row that names the columns, from 1.
        roles: one for every column.
        encoding: of a text file; empty tries ASCII, UTF-8 and GB 18030 in this order.
        sheet: of a workbook; empty for the first that has cells.
        item, unit: what the instrument always measures, where no column says it.
        measured_format: of the time column, as `strptime` takes it; empty for year first.
        control_values: cells of the control column that mark a blank or a control.
    """

    name: str
    title: str
    format: FileFormat = FileFormat.TEXT
    delimiter: str = ","
    encoding: str = ""
    sheet: str = ""
    decimal_comma: bool = False
    header_row: int = 1
    roles: Sequence[ColumnRole] = ()
    item: str = ""
    unit: str = ""
    measured_format: str = ""
    control_values: Sequence[str] = field(default_factory=tuple)


def profile_name(title: str) -> str:
    """A name from a title: letters and digits of any script, the rest as hyphens."""
    return _NAME.sub("-", title.strip()).strip("-").lower()


def first_draft(content: bytes, title: str) -> ProfileDraft:
    """What can be told of a file without knowing it: its form and, in a text, its delimiter."""
    if content.startswith(WORKBOOK_SIGNATURES):
        return ProfileDraft(name=profile_name(title), title=title, format=FileFormat.EXCEL)
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ""
    head = content[:8192].replace(b"\0", b"")
    delimiter = max(DELIMITERS, key=lambda sign: head.count(sign.encode()))
    return ProfileDraft(name=profile_name(title), title=title, delimiter=delimiter, encoding=encoding)


def guess_header_row(table: Table) -> int:
    """The row that most likely names the columns, from 1: many texts, no numbers, and rows under it."""
    best, most = 1, -1
    for number, row in enumerate(table.rows[:LOOKED_AT], 1):
        cells = [cell for cell in row if cell]
        numbers = sum(parse_value(cell).value is not None for cell in cells)
        score = len(set(cells)) - 3 * numbers
        if score > most and number < len(table.rows):
            best, most = number, score
    return best


def guess_roles(headings: Sequence[str]) -> list[ColumnRole]:
    """What each column most likely says, by its heading; each role once, the first column that is called so."""
    roles = [ColumnRole.IGNORED] * len(headings)
    for role, words in _WORDS:
        for word in words:
            found = next(
                (at for at, text in enumerate(headings) if roles[at] is ColumnRole.IGNORED and word in text.lower()),
                None,
            )
            if found is not None:
                roles[found] = role
                break
    return roles


def headings_of(table: Table, header_row: int) -> tuple[str, ...]:
    """The texts of the header row; none where the file is shorter."""
    return table.rows[header_row - 1] if 0 < header_row <= len(table.rows) else ()


def to_document(draft: ProfileDraft, headings: Sequence[str], version: int) -> str:
    """The draft as a profile document.

    Args:
        draft: what was said.
        headings: texts of the header row.
        version: of the profile.
    """
    columns: dict[str, list[str]] = {}
    attributes: dict[str, str] = {}
    items: list[str] = []
    control = ""
    known_by: list[str] = []
    for at, (role, heading) in enumerate(zip(draft.roles, headings, strict=False)):
        column = heading if heading and list(headings).count(heading) == 1 else f"#{at + 1}"
        if role is ColumnRole.IGNORED:
            continue
        if heading:
            known_by.append(heading)
        if role is ColumnRole.ITEM_VALUE:
            items.append(heading)
        elif role is ColumnRole.CONTROL:
            control = column
        elif role is ColumnRole.ATTRIBUTE:
            attributes[heading or column] = column
        else:
            columns.setdefault(role.value, []).append(column)
    return _document(draft, version, known_by, columns, attributes, items, control)


def _document(  # noqa: PLR0917 - the parts of a document in their order
    draft: ProfileDraft,
    version: int,
    known_by: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    attributes: Mapping[str, str],
    items: Sequence[str],
    control: str,
) -> str:
    lines = [
        f"name = {_text(draft.name)}",
        f"title = {_text(draft.title)}",
        f"version = {version}",
        'proven_on = "real bytes"',
        f"header = {_list(dict.fromkeys(known_by))}",
        f"layout = {_text('matrix' if items else 'rows')}",
        "[file]",
        f"format = {_text(draft.format)}",
        f"delimiter = {_text(draft.delimiter)}",
        f"encodings = {_list((draft.encoding,) if draft.encoding else DEFAULT_ENCODINGS)}",
        f"decimal_comma = {str(draft.decimal_comma).lower()}",
    ]
    if draft.sheet:
        lines.append(f"sheet = {_text(draft.sheet)}")
    lines.append("[columns]")
    lines += [f"{role} = {_list(cells)}" for role, cells in columns.items()]
    constants = {"item": draft.item.strip(), "unit": draft.unit.strip()}
    lines += _table("constants", {name: text for name, text in constants.items() if text})
    lines += _table("attributes", attributes)
    if items:
        named = "|".join(re.escape(item) for item in items if item)
        lines += _table("matrix", {"items": f"(?P<item>{named})"})
    if control:
        lines += ["[quality_control]", f"column = {_text(control)}", f"values = {_list(draft.control_values)}"]
    if draft.measured_format.strip():
        lines += _table("measured", {"format": draft.measured_format.strip()})
    return "\n".join(lines) + "\n"


def to_profile(draft: ProfileDraft, headings: Sequence[str], version: int = 1) -> FileProfile:
    """The draft as a profile that files can be read by.

    Raises:
        ProfileError: something is missing, in words.
    """
    return parse_profile(to_document(draft, headings, version))


def _table(name: str, values: Mapping[str, str]) -> list[str]:
    return [f"[{name}]", *(f"{_text(key)} = {_text(text)}" for key, text in values.items())] if values else []


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _text(text: str) -> str:
    """A basic string of TOML."""
    written = "".join(
        _ESCAPES.get(sign) or (sign if sign.isprintable() or ord(sign) > 0x9F else f"\\u{ord(sign):04X}")  # noqa: PLR2004
        for sign in text
    )
    return f'"{written}"'


def _list(texts: Sequence[str] | Mapping[str, None]) -> str:
    return f"[{', '.join(_text(text) for text in texts)}]"
