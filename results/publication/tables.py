"""Publication tables: published results as rows of the official tables, written and read back without loss.

Four forms: the table of passes (公示表), the table of failures with the names of the items only, its provincial variant
with `项目║结果║标准值` in one cell, and the table of SAMR, in which every further item of a sample takes a row.

Source: domain.md §4.3.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lims.catalog.names import match_key
from lims.errors import InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.tables import without_guard
from results.rules.published import BAR, split_cell, split_recheck, unify_bars

NONE = "/"  # the official mark of "not applicable"
CELL = "不合格项目║检验结果║标准值"
HEAD_ROWS = 15  # bulletins put a title, a date and a note above the header
_JOINED = "、"
_OTHERS_BEGIN = re.compile(r"\s*(?:[①-⑳]|初检|首检|初次检验|复检|复验)")  # how cells begin that are not ours
_ONE_LINE = re.compile(r"\s*[\r\n]+\s*")


FIRST_YEAR, LAST_YEAR = 2000, 2100  # of notices that a table can be held against


class Form(StrEnum):
    """Which of the official tables."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    FAIL_ITEMS = "fail_items"
    SAMR = "samr"


def _columns(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_WHO = "标称生产企业名称 标称生产企业地址 被抽样单位名称"
_NOTICE = "分类 公告号 公告日期 任务来源/项目名称"
_FAILED = f"抽样编号 序号 {_WHO} 被抽样单位地址 食品名称 规格型号 商标 生产日期/批号"
COLUMNS: Mapping[Form, tuple[str, ...]] = {
    Form.PASS: _columns(
        f"抽样编号 序号 {_WHO} 被抽样单位所在省份 食品名称 规格型号 生产日期/批号 {_NOTICE} 备注 公告网址链接"
    ),
    Form.FAIL: _columns(f"{_FAILED} {CELL} {_NOTICE} 检验机构 备注 公告网址链接"),
    Form.FAIL_ITEMS: _columns(f"{_FAILED} 不合格项目 {_NOTICE} 检验机构 备注 公告网址链接"),
    Form.SAMR: _columns(
        f"序号 {_WHO} 被抽样单位地址 样品名称 规格型号 商标 生产日期 保质期"
        " 不合格项目 检验值 标准值 标签标注要求 检验机构 食品细类 抽样编号 备注"
    ),
}

# The fields of a row by the names that columns have in the tables of different years and provinces.
_FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "sampling_no": ("抽样编号", "抽检编号", "抽样单编号"),
    "number": ("序号",),
    "producer_name": ("标称生产企业名称", "标称生产者名称", "生产企业名称"),
    "producer_address": ("标称生产企业地址", "标称生产者地址", "生产企业地址"),
    "party_name": ("被抽样单位名称", "被抽检单位名称"),
    "party_address": ("被抽样单位地址", "被抽检单位地址"),
    "party_province": ("被抽样单位所在省份",),
    "product_name": ("食品名称", "样品名称", "产品名称"),
    "specification": ("规格型号", "规格"),
    "brand": ("商标",),
    "dated": ("生产日期/批号", "生产日期", "生产/购进日期"),
    "shelf_life": ("保质期",),
    "category": ("分类", "食品细类", "食品大类"),
    "notice_no": ("公告号", "通告号"),
    "noticed_on": ("公告日期", "通告日期"),
    "task": ("任务来源/项目名称", "任务来源"),
    "lab": ("检验机构",),
    "remark": ("备注",),
    "url": ("公告网址链接", "公告网址"),
}
_ITEM_NAMES: dict[str, tuple[str, ...]] = {
    "cell": (CELL,),
    "item": ("不合格项目",),
    "result": ("检验值", "检验结果", "检测值"),
    "limit": ("标准值", "标准限量"),
    "label_claim": ("标签标注要求", "标签明示值"),
}
_FIELD_OF = {match_key(unify_bars(name)): key for key, names in (_FIELD_NAMES | _ITEM_NAMES).items() for name in names}
_NEVER_BLANK = ("公告号", "公告日期", "公告网址链接")  # these stay empty where others carry the mark
_NOT_COMPARED = frozenset({"number", "url"})  # a place in a file, and an address of this installation


@dataclass(frozen=True, slots=True)
class PublishedItem:
    """An item that failed, with its figures as they are printed: unit included, on one line.

    Attributes:
        result: the one that counts; after a recheck that of the recheck.
        initial_result: of the initial test where a recheck replaced it.
        label_claim: what the label promises, where that is the limit.
    """

    item: str
    result: str = ""
    limit: str = ""
    initial_result: str = ""
    label_claim: str = ""

    @property
    def found(self) -> str:
        """检验值 of the table: one result, or both with their stages."""
        return f"初检结果：{self.initial_result} 复检结果：{self.result}" if self.initial_result else self.result


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A sample as a publication table tells it; empty for what it does not tell."""

    sampling_no: str = ""
    number: str = ""
    producer_name: str = ""
    producer_address: str = ""
    party_name: str = ""
    party_address: str = ""
    party_province: str = ""
    product_name: str = ""
    specification: str = ""
    brand: str = ""
    dated: str = ""
    shelf_life: str = ""
    category: str = ""
    notice_no: str = ""
    noticed_on: str = ""
    task: str = ""
    lab: str = ""
    remark: str = ""
    url: str = ""
    items: tuple[PublishedItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicationTable:
    """A table that was read.

    Attributes:
        form: which of the official ones.
        fields: of a row that it has columns for.
        rows: each sample once, with the number of its first row in the file.
    """

    form: Form
    fields: frozenset[str]
    rows: tuple[tuple[int, PublishedRow], ...]


# ---------------------------------------------------------------- writing


def write_rows(form: Form, rows: Iterable[PublishedRow]) -> Iterator[tuple[str, ...]]:
    """The rows of a table under `COLUMNS[form]`; a further item of SAMR's form has a row that tells only the item."""
    for row in rows:
        if form is not Form.SAMR:
            yield tuple(_cell(form, column, row) for column in COLUMNS[form])
            continue
        items = row.items or (PublishedItem(""),)
        for place, item in enumerate(items):
            told = {
                "不合格项目": item.item,
                "检验值": item.found,
                "标准值": item.limit,
                "标签标注要求": item.label_claim,
            }
            yield tuple(
                (told[column] or NONE) if column in told else _cell(form, column, row) if place == 0 else ""
                for column in COLUMNS[form]
            )


def _cell(form: Form, column: str, row: PublishedRow) -> str:
    if column == CELL:
        return join_items(row.items) or NONE
    if column == "不合格项目":
        return _JOINED.join(item.item for item in row.items) or NONE
    text = str(getattr(row, _FIELD_OF[match_key(column)]))
    return text or ("" if column in _NEVER_BLANK and form is not Form.SAMR else NONE)


def join_items(items: Sequence[PublishedItem]) -> str:
    """`项目║结果║标准值` of every item, joined by `；`, or by line ends where an item or a limit holds that sign."""
    parts = [(_bare(item.item), _no_bar(item.found), _bare(item.limit)) for item in items]
    holds_sign = any("；" in name or "；" in limit for name, _found, limit in parts)
    return ("\n" if holds_sign else "；").join(BAR.join(part) for part in parts)


def _bare(text: str) -> str:
    return _ONE_LINE.sub(" ", _no_bar(text)).strip()


def _no_bar(text: str) -> str:
    return text.replace(BAR, "｜")


# ---------------------------------------------------------------- reading


def read_publication(rows: Sequence[Sequence[str]]) -> PublicationTable:
    """Read a publication table, known by the names of its columns.

    Raises:
        InvalidInputError: no header of such a table, or a column twice.
    """
    place, columns = _find_header(rows)
    form = _form_of(set(columns))
    found: list[tuple[int, PublishedRow]] = []
    for number, cells in enumerate(rows[place + 1 :], start=place + 2):
        said = {key: _said(cells[at] if at < len(cells) else "") for key, at in columns.items()}
        if not any(said.values()):
            continue
        told = {key: text for key, text in said.items() if key in _FIELD_NAMES}
        items = _items_of(form, said)
        if form is Form.SAMR and found and not any(_written(cells, columns[key]) for key in told):
            first, row = found[-1]
            found[-1] = (first, _with_items(row, items))
            continue
        found.append((number, PublishedRow(**told, items=items)))
    return PublicationTable(form, frozenset(columns), tuple(found))


def _written(cells: Sequence[str], at: int) -> bool:
    """Whether a cell holds anything, be it the mark of "not applicable": a row of a further item holds nothing."""
    return at < len(cells) and cells[at].strip() != ""


def _with_items(row: PublishedRow, items: tuple[PublishedItem, ...]) -> PublishedRow:
    told = {name: getattr(row, name) for name in _FIELD_NAMES}
    return PublishedRow(**told, items=row.items + items)


def _said(cell: str) -> str:
    text = without_guard(cell.strip())
    return "" if text == NONE else text


def _find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    best: tuple[int, dict[str, int]] | None = None
    for place, cells in enumerate(rows[:HEAD_ROWS]):
        columns: dict[str, int] = {}
        for at, cell in enumerate(cells):
            key = _FIELD_OF.get(match_key(unify_bars(cell)))
            if key is not None and key in columns:
                raise InvalidInputError(
                    _l("Row %(row)s names the column “%(name)s” twice.", row=place + 1, name=cell.strip()), field="file"
                )
            if key is not None:
                columns[key] = at
        if best is None or len(columns) > len(best[1]):
            best = (place, columns)
    if best is None or "product_name" not in best[1] or len(best[1]) < 4:  # noqa: PLR2004 - fewer are some other table
        first = "、".join(cell.strip() for cell in rows[0] if cell.strip())[:120] if rows else ""
        raise InvalidInputError(
            _l(
                "This is no publication table: its rows begin with “%(given)s”; expected columns such as %(names)s.",
                given=first,
                names="、".join(COLUMNS[Form.SAMR][:8]),
            ),
            field="file",
        )
    return best


def _form_of(columns: set[str]) -> Form:
    if "cell" in columns:
        return Form.FAIL
    if "item" not in columns:
        return Form.PASS
    return Form.SAMR if columns & {"result", "limit"} else Form.FAIL_ITEMS


def _items_of(form: Form, said: Mapping[str, str]) -> tuple[PublishedItem, ...]:
    if form is Form.PASS:
        return ()
    if form is Form.FAIL:
        return split_items(said["cell"]) if said["cell"] else ()
    if form is Form.FAIL_ITEMS:
        return tuple(PublishedItem(name) for name in _names_in(said["item"]))
    result, initial = split_recheck(said.get("result", ""))
    item = PublishedItem(
        said["item"], result, said.get("limit", ""), initial_result=initial, label_claim=said.get("label_claim", "")
    )
    return (item,) if item != PublishedItem("") else ()


def split_items(cell: str) -> tuple[PublishedItem, ...]:
    """The items of one cell: exactly as `join_items` wrote them, else as other bulletins print such cells."""
    fields = cell.replace("\r\n", "\n").split(BAR)
    between = fields[2:-1:2]
    if len(fields) >= 3 and len(fields) % 2 == 1 and not _OTHERS_BEGIN.match(fields[0]):  # noqa: PLR2004 - item, result, limit; then two more per item
        sign = "\n" if between and all(one.count("\n") == 1 for one in between) else "；"
        if all(one.count(sign) == 1 for one in between):
            parts = [part for one in between for part in one.split(sign)]
            edges = [fields[0], *parts, fields[-1]]
            return tuple(_item(edges[2 * at], fields[2 * at + 1], edges[2 * at + 1]) for at in range(len(edges) // 2))
    return tuple(
        PublishedItem(one.item, one.result, one.limit, initial_result=one.initial_result) for one in split_cell(cell)
    )


def _item(name: str, found: str, limit: str) -> PublishedItem:
    result, initial = split_recheck(found)
    return PublishedItem(name.strip(), result, limit.strip(), initial_result=initial)


def _names_in(text: str) -> list[str]:
    """The names between `、`, of which those inside brackets belong to a name."""
    names, depth, begun = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "（([") - (sign in "）)]")
        if sign == _JOINED and depth <= 0:
            names.append(text[begun:at])
            begun = at + 1
    return [name.strip() for name in (*names, text[begun:]) if name.strip()]


# ---------------------------------------------------------------- comparing


@dataclass(frozen=True, slots=True)
class Difference:
    """A column of one sample that a table and the publication tell differently."""

    sampling_no: str
    row: int
    column: str
    in_table: str
    published: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table against what is published.

    Attributes:
        same: how many samples agree in every column that the table has.
        missing: published, and not in the table.
        extra: rows of the table whose sample is not published.
        unnumbered: rows without a sampling number, which cannot be found.
        repeated: rows whose sampling number stood in the table before.
        different: column by column.
    """

    same: int
    missing: tuple[PublishedRow, ...] = ()
    extra: tuple[tuple[int, PublishedRow], ...] = ()
    unnumbered: tuple[int, ...] = ()
    repeated: tuple[tuple[int, str], ...] = ()
    different: tuple[Difference, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.extra or self.unnumbered or self.repeated or self.different)


def compare_with(table: PublicationTable, published: Sequence[PublishedRow]) -> Comparison:
    """Hold a table against what is published; only columns that the table has are looked at.

    Where the table names public notices, only what those announced can be missing from it.
    """
    known = {row.sampling_no: row for row in published}
    seen: dict[str, int] = {}
    extra: list[tuple[int, PublishedRow]] = []
    unnumbered: list[int] = []
    repeated: list[tuple[int, str]] = []
    different: list[Difference] = []
    same = 0
    for number, row in table.rows:
        if not row.sampling_no:
            unnumbered.append(number)
        elif row.sampling_no in seen:
            repeated.append((number, row.sampling_no))
        elif row.sampling_no not in known:
            extra.append((number, row))
        else:
            found = list(_differences(table, number, row, known[row.sampling_no]))
            different.extend(found)
            same += not found
        seen.setdefault(row.sampling_no, number)
    notices = {row.notice_no for _number, row in table.rows if row.notice_no}
    missing = tuple(
        row for row in published if row.sampling_no not in seen and (not notices or row.notice_no in notices)
    )
    return Comparison(same, missing, tuple(extra), tuple(unnumbered), tuple(repeated), tuple(different))


def _differences(
    table: PublicationTable, number: int, row: PublishedRow, published: PublishedRow
) -> Iterator[Difference]:
    for name, columns in _FIELD_NAMES.items():
        if name not in table.fields or name in _NOT_COMPARED:
            continue
        given, expected = str(getattr(row, name)), str(getattr(published, name))
        if _ONE_LINE.sub(" ", given) != _ONE_LINE.sub(" ", expected):
            yield Difference(row.sampling_no, number, columns[0], given or NONE, expected or NONE)
    if table.form is Form.PASS:
        return
    if table.form is Form.FAIL_ITEMS:
        given, expected = (_JOINED.join(one.item for one in items) for items in (row.items, published.items))
    else:
        given, expected = join_items(row.items), join_items(published.items)
    if given != expected:
        yield Difference(row.sampling_no, number, CELL, given or NONE, expected or NONE)
