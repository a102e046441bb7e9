"""Reading and writing what a laboratory or a bulletin prints as a result.

A printed result is a number with its unit, `未检出` with or without its bound, `<10`, `>3.0×10⁵`, `检出/25g`, or the
n results of a microbiological plan joined by whatever separator the province likes. Words that are no finding
(`合格`) are refused: a verdict is not a measurement.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from lims.quantities import (
    N_,
    NO_UNIT,
    QuantityError,
    Unit,
    fold,
    format_measured,
    parse_unit,
    read_number,
)
from results.types import Finding, FindingKind


class FindingTextError(QuantityError):
    """A text that is no result."""


UNITS_OF_A_PLAN = 5  # n of the microbiological plans in use: 1,300,400,500,600 is a list of five

# `≤0.5` is missing on purpose: it is a limit in the column of results.
_KIND_OF_SIGN = {
    "": FindingKind.MEASURED,
    "<": FindingKind.LESS_THAN,
    ">": FindingKind.EXCEEDS,
}
_UNTESTED = frozenset({"", "/", "-", "--", "---", "未检", "未检验", "未测", "不适用", "n/a"})
_BELOW_LOQ = r"[<≤]\s*(?:LOQ|定量限)|(?:检出[,;]?)?(?:低于|小于)(?:方法)?定量限|痕量"
_BELOW_LOD = r"[<≤]\s*(?:LOD|(?:方法)?检出限)|(?:低于|小于)(?:方法)?检出限"
_NOTHING = r"未(?:检出|检测出|测出|发现)|阴性|N\.?\s?D\.?(?![A-Za-z])"
_WORDS = {
    FindingKind.BELOW_LOQ: _BELOW_LOQ,
    FindingKind.NOT_DETECTED: f"{_BELOW_LOD}|{_NOTHING}",
    FindingKind.DETECTED: r"检出|阳性",
}
_WORD = re.compile("|".join(f"(?P<{kind.value}>{pattern})" for kind, pattern in _WORDS.items()), re.IGNORECASE)
_BOUND_NOTE = re.compile(
    r"[(\[]?[^()\[\],;]{0,12}?(?:检出限|定量限|检测限|检测低限|测定低限|报告限|LOD|LOQ)"
    r"\s*(?:为|:|=)?\s*[<≤]?\s*(?P<bound>[0-9.][^()\[\]]*)[)\]]?",
    re.IGNORECASE,
)
_BRACKET_BOUND = re.compile(r"\(\s*[<≤]?\s*(?P<bound>[0-9.][^()]*)\)")
_PLAIN_NOTE = re.compile(r"\([^()0-9]*\)")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,;])")  # 1,300: one result, or two?
_SEPARATORS = re.compile(r"[;,、\n|]+")
_HEADING = re.compile(
    r"^(?:实测|检[验测出]|测定|结果)(?:结果)?(?:数据|值)?\s*[:为]?\s*(?=[<>0-9.])"
)  # 实测值：0.12mg/kg
_NUMBERED = re.compile(r"[①-⑳]|(?:样品|样本|[Nn]o\.?)\s*[1-9][0-9]?\s*[#号]?\s*:")  # ①12②34, 样品1:12 样品2:34
_ONE_VALUE = r"(?:[<>≤≥]?\s*[0-9.]+(?:\s*[×xX*]\s*10\^?[0-9]{1,2})?|未检出|检出)"
_LOOSE_LIST = re.compile(rf"{_ONE_VALUE}(?:\s*/\s*{_ONE_VALUE}(?![0-9.]*\s*(?:g|mL|cm)\b))+")
_SPACED_LIST = re.compile(rf"{_ONE_VALUE}(?: {_ONE_VALUE})+(?![0-9])")


def parse_findings(text: str, unit: str = "", *, expected: int = 1) -> tuple[Finding, ...]:
    """Read all results of one item.

    Args:
        text: one result or several; empty when the cell says that nothing was tested (`/`, `未检`).
        unit: unit of the column, for results without a unit of their own.
        expected: how many results the limit asks for. It decides only whether `100,200,300` may be a list: where it
            could as well be one number with thousands marked, it is refused rather than guessed.

    Raises:
        FindingTextError: not a result.
        QuantityError: its unit or its number cannot be read.
    """
    folded = fold(text)
    if folded.strip().lower() in _UNTESTED:
        return ()
    bare, bound = _take_bound(_HEADING.sub("", folded))
    parts = _split(bare)
    if not parts or (_GROUPED.match(bare) and len(parts) != expected):
        raise _not_a_finding(text)
    pieces = [_read_piece(part, text) for part in parts]
    shared = pieces[-1].unit if pieces[-1].unit is not None else None
    column = parse_unit(unit) if unit.strip() else None
    return tuple(_as_finding(piece, piece.unit or shared or column, bound) for piece in pieces)


def parse_finding(text: str, unit: str = "") -> Finding:
    """Read one result.

    Raises:
        FindingTextError: not a result, not exactly one, or not tested.
        QuantityError: its unit or its number cannot be read.
    """
    findings = parse_findings(text, unit)
    if len(findings) != 1:
        raise _not_a_finding(text)
    return findings[0]


def format_finding(finding: Finding) -> str:
    """Write a finding as reports print it: `0.152mg/kg`, `未检出（检出限：0.01mg/kg）`, `<10CFU/g`, `检出/25g`."""
    unit = finding.unit.text if finding.unit_stated else ""
    figure = finding.value if finding.value is not None else finding.bound
    number = f"{format_measured(figure)}{unit}" if figure is not None else ""
    match finding.kind:
        case FindingKind.MEASURED:
            return number
        case FindingKind.LESS_THAN:
            return f"<{number}"
        case FindingKind.EXCEEDS:
            return f">{number}"
        case FindingKind.NOT_DETECTED:
            return f"未检出（检出限：{number}）" if number else f"未检出{_portion(finding)}"
        case FindingKind.BELOW_LOQ:
            return f"<定量限（定量限：{number}）" if number else "<定量限"
        case FindingKind.DETECTED:
            return f"检出{_portion(finding)}"


def with_unit(text: str, unit: str) -> str:
    """What was entered, with the unit of its line where it has none of its own: `0.12 mg/kg`, but `60μg/kg`.

    A text that is no number, and one that cannot be read, stay as they are.
    """
    try:
        findings = parse_findings(text, expected=UNITS_OF_A_PLAN)
    except QuantityError:
        return text
    are_figures = any(finding.value is not None or finding.bound is not None for finding in findings)
    is_bare = are_figures and not any(finding.unit_stated for finding in findings)
    return f"{text.strip()} {unit}" if is_bare and unit else text


def _portion(finding: Finding) -> str:
    return finding.unit.text if finding.unit_stated and finding.unit.is_presence else ""


def _not_a_finding(text: str) -> FindingTextError:
    return FindingTextError(
        "not_a_finding",
        N_("“%(text)s” is not a result; expected a number with its unit, 未检出, 检出, <10 or >3.0×10⁵."),
        text=text[:60],
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: FindingKind
    figure: Decimal | None
    unit: Unit | None


def _take_bound(folded: str) -> tuple[str, tuple[Decimal, Unit | None] | None]:
    """Cut the stated detection limit out of the text: `未检出(氮的检出限:0.008g/100g)`."""
    if not _WORD.search(folded):
        return folded, None
    found = _BRACKET_BOUND.search(folded) or _BOUND_NOTE.search(folded)
    if found is None:
        return folded, None
    read = read_number(found["bound"].strip())
    if read is None:
        return folded, None
    bound_unit = parse_unit(read.rest) if read.rest else None
    return (folded[: found.start()] + folded[found.end() :]).strip(" ,;"), (read.value, bound_unit)


def _split(bare: str) -> list[str]:
    text = _NUMBERED.sub(";", _PLAIN_NOTE.sub("", bare))
    parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if len(parts) != 1:
        return parts
    for shape, separator in ((_LOOSE_LIST, r"\s*/\s*"), (_SPACED_LIST, " ")):
        if found := shape.match(parts[0]):
            values = re.split(separator, found[0])
            return [*values[:-1], values[-1] + parts[0][found.end() :]]
    return parts


def _read_piece(part: str, text: str) -> _Piece:
    word = _WORD.match(part)
    if word is not None:
        kind = FindingKind(str(word.lastgroup))
        rest = part[word.end() :].strip()
        return _Piece(kind, None, parse_unit(rest) if rest and rest != "/" else None)
    sign = part[:1] if part[:1] in _KIND_OF_SIGN else ""
    read = read_number(part[len(sign) :].strip())
    if read is None:
        raise _not_a_finding(text)
    return _Piece(_KIND_OF_SIGN[sign], read.value, parse_unit(read.rest) if read.rest else None)


def _as_finding(piece: _Piece, unit: Unit | None, bound: tuple[Decimal, Unit | None] | None) -> Finding:
    stated = unit is not None
    own = unit if unit is not None else NO_UNIT
    if piece.kind is FindingKind.MEASURED:
        return Finding(piece.kind, value=piece.figure, unit=own, unit_stated=stated)
    if piece.kind in {FindingKind.LESS_THAN, FindingKind.EXCEEDS}:
        return Finding(piece.kind, bound=piece.figure, unit=own, unit_stated=stated)
    if bound is not None and piece.kind is not FindingKind.DETECTED:
        value, bound_unit = bound
        return Finding(
            piece.kind,
            bound=value,
            unit=bound_unit or own,
            unit_stated=stated or bound_unit is not None,
        )
    return Finding(piece.kind, unit=own, unit_stated=stated)
