"""The published one-cell form: `项目║结果║标准值`, several items joined by whatever the province uses.

A re-inspected sample stands in one cell as `初检结果：A║x║l 复检结果：A║y║l`; the recheck is final and replaces the
initial result (Food Safety Law Art. 88).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lims.catalog.limits import parse_limit
from lims.quantities import N_, QuantityError, fold
from results.types import Reason

BAR = "║"
_BARS = str.maketrans(dict.fromkeys("‖∥┃｜|", BAR))
_STAGE = re.compile(r"(?P<stage>初检|首检|初次检验|复检|复验)(?:检验)?(?:结果|结论|值)?\s*[:：]+\s*")
_INSIDE = re.compile(
    r"^\s*(?:初检|首检|初次检验)(?:结果|值)?[:：\s]*(?P<initial>.*?)[；;，,、/\s]*"
    r"(?:复检|复验)(?:结果|值)?[:：\s]*(?P<recheck>.+)$",
    re.DOTALL,
)
_REVERSED = re.compile(
    r"^\s*(?:复检|复验)(?:结果|值)?[:：\s]*(?P<recheck>.+?)[；;，,、/\s]*"
    r"(?:初检|首检|初次检验)(?:结果|值)?[:：\s]*(?P<initial>.+)$",
    re.DOTALL,
)
_BEHIND = re.compile(  # 0.06mg/kg（初检），0.07mg/kg（复检）
    r"^(?P<initial>[^(（]+)[(（](?:初检|首检|初次检验)(?:结果|值)?[)）][；;，,、/\s]*"
    r"(?P<recheck>[^(（]+)[(（](?:复检|复验)(?:结果|值)?[)）]\s*$"
)
_ONE_STAGE = re.compile(r"^\s*(?:初检|首检|初次检验|复检|复验)(?:检验)?(?:结果|值)?\s*[:：]\s*(?=\S)")
_RECHECKS = frozenset({"复检", "复验"})
_SEPARATORS = "；;，,、\n\r\t 。"
_STRONG = re.compile(r"[；;\n]")
_WEAK = re.compile(r"[，,、\s]")
_NUMBERING = re.compile(r"^(?:[(（]?[0-9]{1,2}[)）.、．]|[①-⑳])\s*(?=[^0-9])")
_LETTER = re.compile(r"[A-Za-z\u0370-\u03ff\u4e00-\u9fff]")
_STARTS_ITEM = re.compile(r"[①-⑳\u4e00-\u9fff]")
_PLAN_PART = re.compile(r"^[ncmM]\s*[=＝]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One item of a published cell, in the words of the source.

    Attributes:
        initial_result: result of the initial test where a recheck replaced it.
        defect: why the cell cannot be read as items; `result` then holds the text.
    """

    item: str
    result: str
    limit: str
    initial_result: str = ""
    defect: Reason | None = None


def unify_bars(text: str) -> str:
    """One sign for the bar between the parts: bulletins use several that look alike."""
    return text.translate(_BARS)


def has_bars(text: str) -> bool:
    """Whether a cell is in the one-cell form."""
    return BAR in text or unify_bars(text).count(BAR) > 1


def split_recheck(result: str) -> tuple[str, str]:
    """Split `初检结果：x；复检结果：y` in a result cell into the result that counts and the initial one."""
    found = _INSIDE.match(result) or _REVERSED.match(result) or _BEHIND.match(result)
    if found is None:
        return _ONE_STAGE.sub("", result).strip(), ""
    return found["recheck"].strip(), found["initial"].strip(_SEPARATORS)


def aligned(item: str, result: str, limit: str) -> Iterator[tuple[str, str, str]]:
    """Items of one row whose three cells each list as many: by lines, or by `；` or `、` where limits stay limits.

    Anything else is one item: names and microbiological results hold separators of their own.
    """
    for separator in ("\n", "；;", "、"):
        items, results, limits = (_parts(text, separator) for text in (item, result, limit))
        is_list = len(items) > 1 and len(items) == len(results) == len(limits)
        if is_list and (separator == "\n" or all(_is_limit(one) for one in limits)):
            yield from zip(items, results, limits, strict=True)
            return
    yield item, result, limit


def _parts(text: str, separators: str) -> list[str]:
    return [part.strip() for part in re.split(f"[{separators}]", text.replace("\r", "\n")) if part.strip()]


def split_cell(cell: str) -> tuple[Segment, ...]:
    """Split a published cell into items, each once; a recheck replaces its initial result."""
    text = unify_bars(cell).replace("\r", "\n")
    placed: list[_Placed] = []
    for stage, chunk in _stages(text):
        for segment in _read_chunk(chunk, inherits=stage in _RECHECKS and bool(placed)):
            _place(placed, segment, stage)
    return tuple(entry.segment for entry in placed)


def _stages(text: str) -> list[tuple[str, str]]:
    """The parts of a cell by test stage; a stage word inside a result field does not open a part."""
    marks = [mark for mark in _STAGE.finditer(text) if not _is_inside_result(text[: mark.start()])]
    if not marks:
        return [("", text)]
    parts = [("", text[: marks[0].start()])]
    for position, mark in enumerate(marks):
        end = marks[position + 1].start() if position + 1 < len(marks) else len(text)
        parts.append((mark["stage"], text[mark.end() : end]))
    return [(stage, part) for stage, part in parts if part.strip(_SEPARATORS)]


def _is_inside_result(before: str) -> bool:
    """After `A║` a result is open: `A║初检结果：x；复检结果：y║l`."""
    if before.rstrip().endswith(BAR):
        return before.count(BAR) % 2 == 1
    opening = before.rfind(BAR)
    return (
        opening >= 0
        and before[: opening + 1].count(BAR) % 2 == 1
        and _STAGE.match(before[opening + 1 :].strip()) is not None
    )


def _read_chunk(chunk: str, *, inherits: bool) -> list[Segment]:
    fields = [field.strip(" \n\t") for field in chunk.strip(_SEPARATORS).split(BAR)]
    if len(fields) == 2 and inherits:  # noqa: PLR2004 a recheck that repeats result and limit only
        fields = ["", *fields]
    if len(fields) < 3 or len(fields) % 2 == 0:  # noqa: PLR2004 item, result, limit; then two per further item
        message = N_("“%(text)s” is not of the form item║result║limit.")
        return [Segment("", chunk.strip(), "", defect=Reason("bars", message, {"text": chunk.strip()[:80]}))]
    segments = []
    item = fields[0]
    for position in range(1, len(fields), 2):
        is_last = position + 2 >= len(fields)
        limit, following = (fields[position + 1], "") if is_last else split_limit_and_item(fields[position + 1])
        result, initial = split_recheck(fields[position])
        segments.append(Segment(clean_item(item), result, limit.strip(_SEPARATORS), initial))
        item = following
    return segments


@dataclass(slots=True)
class _Placed:
    segment: Segment
    stage: str


def _place(placed: list[_Placed], segment: Segment, stage: str) -> None:
    """Add a segment, or join it with the other stage of the same item: the recheck counts, in whatever order.

    A second initial result is taken for the recheck; sources do mislabel it.
    """
    name = _bare(segment.item)
    same = [
        entry
        for entry in placed
        if entry.stage and (not name or _bare(entry.segment.item) == name) and not entry.segment.initial_result
    ]
    if not stage or segment.defect is not None or len(same) != 1:
        placed.append(_Placed(segment, stage))
        return
    entry = same[0]
    if entry.stage in _RECHECKS and stage not in _RECHECKS:
        entry.segment = replace(entry.segment, initial_result=segment.result)
    else:
        entry.segment = replace(segment, item=segment.item or entry.segment.item, initial_result=entry.segment.result)
        entry.stage = stage


def _bare(item: str) -> str:
    """An item name without its notes in brackets, which one of two stages may leave out."""
    return re.sub(r"\([^()]*\)|\s", "", fold(item))


def clean_item(text: str) -> str:
    """An item name without the separators and numbering around it."""
    return _NUMBERING.sub("", text.strip(_SEPARATORS + ":：")).strip()


def split_limit_and_item(field: str) -> tuple[str, str]:
    """Split `limit SEPARATOR next item`, where both may contain separators themselves.

    The longest beginning that reads as a limit is the limit: `n=5,c=2,m=10,M=10²CFU/g,霉菌`, `≤0.1mg/kg,2,4-滴`. Where
    none does (the source lost a figure), the first separator outside brackets decides.
    """
    cuts = [position for position, sign in enumerate(field) if sign in _SEPARATORS and position > 0]
    starts = [position for position in range(1, len(field)) if _STARTS_ITEM.match(field[position])]
    for position in (*reversed(cuts), *reversed(starts)):
        limit, item = field[:position].strip(_SEPARATORS), field[position:].strip(_SEPARATORS)
        if _is_item(item) and _is_limit(limit):
            return limit, item
    for separator in (_STRONG, _WEAK):
        for found in separator.finditer(field):
            limit, item = field[: found.start()], field[found.end() :]
            if _is_item(item.strip(_SEPARATORS)) and limit.strip(_SEPARATORS):
                return limit, item
    return field, ""


def _is_item(text: str) -> bool:
    return (
        _LETTER.search(text) is not None
        and _PLAN_PART.match(text) is None
        and _is_balanced(text)
        and not text.startswith(("倍", "每日"))
    )


def _is_balanced(text: str) -> bool:
    return _count(text, "(（[") == _count(text, ")）]")


def _count(text: str, signs: Sequence[str]) -> int:
    return sum(text.count(sign) for sign in signs)


def _is_limit(text: str) -> bool:
    try:
        parse_limit(text)
    except QuantityError:
        return False
    return True
