"""What the national system calls things, and when two spellings of one value agree.

**Source:** domain.md §4.2, item record and conclusions of the national system. Where it names no word for a case, the
cell stays empty.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from lims import layouts
from lims.errors import InvalidInputError
from lims.quantities import QuantityError, parse_measured, parse_unit
from results.national.types import Difference, DifferenceKind, SampleRow
from results.types import ItemVerdict
from sampling.types import SampleVerdict

ITEM_VERDICTS = {
    ItemVerdict.PASS: "合格项",
    ItemVerdict.FAIL: "不合格项",
    ItemVerdict.PROBLEM: "问题项",
    ItemVerdict.NOT_JUDGED: "不判定项",
    ItemVerdict.UNTESTED: "未检验",
}
DAYS = frozenset({"product_date", "sampled_on", "received_on", "reported_on"})
UNITS = frozenset({"unit", "lod_unit", "limit_unit"})
FIGURES = frozenset({"result", "lod", "limit_min", "limit_max"})
NOTHING = frozenset({"", "/", "-", "--", "—", "——", "无"})
_NOISE = re.compile(r"[\s、，,;；()·]+")
_STRAIGHT = str.maketrans("“”‘’–—", "\"\"''--")


def conclusion_of(verdict: SampleVerdict, items: Collection[ItemVerdict]) -> str:
    """结论 of a sample; empty for a sample of fails and problems together, whose word is not known."""
    if verdict is SampleVerdict.PASS:
        return "纯抽检合格样品"
    if verdict is SampleVerdict.FAIL:
        return "" if ItemVerdict.PROBLEM in items else "纯抽检不合格样品"
    return "纯监测问题样品"


def report_category(verdict: SampleVerdict, items: Collection[ItemVerdict], *, is_urgent: bool) -> str:
    """报告类别; a sample that was reported within 24 hours has that kind."""
    if is_urgent:
        return "24小时限时报告"
    if verdict is SampleVerdict.PASS:
        return "合格报告"
    if verdict is SampleVerdict.PROBLEM:
        return "一般问题报告"
    return "一般不合格（问题）报告" if ItemVerdict.PROBLEM in items else "一般不合格报告"


def agree(field: str, theirs: str, ours: str) -> bool:
    """Whether two spellings say the same: width, spaces, punctuation, dates, figures and units apart."""
    one, other = _canonical(field, theirs), _canonical(field, ours)
    return one == other


def _canonical(field: str, text: str) -> object:
    """A value as it is compared; what cannot be read as its kind of value is compared as a text."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain in NOTHING:
        return None
    try:
        if field in DAYS:
            return layouts.read_day(plain)
        if field in UNITS:
            return parse_unit(plain)
        if field in FIGURES:
            return parse_measured(plain).normalize()
    except (InvalidInputError, QuantityError):
        pass
    return _NOISE.sub("", unicodedata.normalize("NFKC", plain.translate(_STRAIGHT))).lower()


def compare_sample(
    record: layouts.Record, ours: SampleRow | None, titles: Mapping[str, str], sampling_no: str
) -> list[Difference]:
    """Where a row of the samples of the system's export disagrees with ours; columns that it lacks are passed over."""
    if ours is None:
        return [Difference(DifferenceKind.MISSING_HERE, record.number, sampling_no)]
    return [
        Difference(
            DifferenceKind.DIFFERS, record.number, sampling_no, "", titles[field], theirs, ours.fields.get(field, "")
        )
        for field, theirs in record.cells.items()
        if not agree(field, theirs, ours.fields.get(field, ""))
    ]


def compare_items(
    records: Sequence[layouts.Record], ours: SampleRow | None, titles: Mapping[str, str], sampling_no: str
) -> list[Difference]:
    """Where the item rows of one sample disagree: fields of items that both have, items that only one has."""
    if ours is None:
        return [Difference(DifferenceKind.MISSING_HERE, one.number, sampling_no, one.get("item")) for one in records]
    held = {_canonical("item", line["item"]): line for line in ours.items}
    found: list[Difference] = []
    seen = set()
    for record in records:
        name = record.get("item")
        key = _canonical("item", name)
        seen.add(key)
        line = held.get(key)
        if line is None:
            found.append(Difference(DifferenceKind.MISSING_HERE, record.number, sampling_no, name))
            continue
        found += [
            Difference(
                DifferenceKind.DIFFERS, record.number, sampling_no, name, titles[field], theirs, line.get(field, "")
            )
            for field, theirs in record.cells.items()
            if field != "item" and not agree(field, theirs, line.get(field, ""))
        ]
    found += [
        Difference(DifferenceKind.MISSING_THERE, 0, sampling_no, line["item"])
        for key, line in held.items()
        if key not in seen
    ]
    return found
