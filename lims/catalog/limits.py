"""Limit expressions: what a standard, a base table or a bulletin prints, as typed values, and back.

`parse_limit` reads every form of the trade; `format_limit` prints the official one; parsing the print gives the same
value again. Slips of copying that have one possible meaning (`≤≤100`, `≤n=5,…`, a flattened power in `m=104`) are
mended and named in `repairs`; a limit that lost its number is refused.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from lims.catalog.limit_forms import (
    Absence,
    AbsenceKind,
    LabelClaim,
    LimitExpression,
    LimitForm,
    LimitTextError,
    Maximum,
    MicroPlan,
    Minimum,
    NoLimit,
    Range,
    Relation,
    Repair,
    Tolerance,
    format_limit,
    in_unit,
)
from lims.quantities import (
    N_,
    NO_UNIT,
    NumberRead,
    QuantityError,
    Unit,
    fold,
    parse_unit,
    read_number,
)

__all__ = [
    "Absence",
    "AbsenceKind",
    "LabelClaim",
    "LimitExpression",
    "LimitForm",
    "LimitTextError",
    "Maximum",
    "MicroPlan",
    "Minimum",
    "NoLimit",
    "Range",
    "Relation",
    "Repair",
    "Tolerance",
    "format_limit",
    "in_unit",
    "parse_limit",
]

_SIGNS = {
    "≤": (
        *(f"{no}{more}" for no in ("不得", "不应", "不") for more in ("超过", "大于", "高于", "多于")),
        *("小于等于", "小于或等于", "至多", "最大", "最高"),
    ),
    "≥": (
        *(f"{no}{less}" for no in ("不得", "不应", "不") for less in ("少于", "低于", "小于")),
        *("大于等于", "大于或等于", "至少", "最小", "最低"),
    ),
    "<": ("小于", "低于"),
    ">": ("大于", "高于"),
}
_SIGN_WORDS = re.compile("|".join(word for words in _SIGNS.values() for word in words))
_SIGN_OF = {word: sign for sign, words in _SIGNS.items() for word in words}
_ABSENT = re.compile(
    r"(?:不得|不应|不能|禁止)(?P<verb>检出|使用|添加|加入)|(?P<none>未检出|阴性)|(?P<ban>禁用|不可使用)"
)
_NONE = frozenset({"/", "-", "--", "---", "无", "无限量", "无要求", "不作要求", "不作判定", "不判定"})
_CLAIM_WORD = r"(?:产品|标签|包装|商品)*(?:明示|标示|标明|标注|声称)的?(?:标准)?(?:要求|含量|值|量)*(?:及质量要求)?"
_CLAIM = re.compile(
    rf"(?:符合)?(?P<sign>[≤≥])?(?:(?P<first>[0-9.]+)%[×的]*)?{_CLAIM_WORD}"
    r"(?:[×的]*(?P<last>[0-9.]+)%(?![a-z]))?(?:±(?P<deviation>[0-9.]+)(?P<unit>[^±]*))?"
)
_CLAIMED_FIGURES = re.compile(
    rf"(?:符合)?{_CLAIM_WORD}\((?P<figures>[≤≥<>]?[0-9.][^()]*)\)"
)  # 产品明示值（42±1.0%vol）
_HEADING = re.compile(r"^(?:应为?|须|标准(?:限量值?|限值|指标值?|要求|规定值?|值)|限量值?|限值)\s*[:]?\s*")
_BASIS = re.compile(r"^《?(?:GB|NY|SB|DB)[/TZ0-9. ]*-[0-9]{4}》?\s*[:,]?\s*(?=[≤≥<>])")  # GB 2763-2021 ≤0.05mg/kg
_WORD_BEHIND = re.compile(r"(?P<figure>[0-9.]+[^0-9以]*)(?P<word>以下|以内|以上)")
_PLAN_KEY = re.compile(r"(?<![A-Za-z])([ncmM])\s*[=:]\s*")
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*(?:\([^()]*\))?[^()\[\]]*)[)\]]$")
_RANGE_SIGN = re.compile(r"^(?:~|-{1,2}|至|到|…)\s*")
_JOINT = re.compile(r"^(?:,|;|、|且|和|并|~|-|and)+\s*")
_FOOTNOTE = re.compile(r"^[a-f](?=$|\()")
_LOST_POWER = re.compile(r"10([2-9])(?![0-9.])")


@lru_cache(maxsize=4096)
def parse_limit(text: str, unit: str = "") -> LimitExpression:
    """Read a limit.

    Args:
        text: as printed, with or without its unit.
        unit: unit of the column, used where the text carries none.

    Raises:
        LimitTextError: no limit, or one that lost its figure.
        QuantityError: its unit or a figure cannot be read.
    """
    folded = _SIGN_WORDS.sub(lambda word: _SIGN_OF[word[0]], fold(text)).strip(" '\"。.;,、")
    folded = _BASIS.sub("", _HEADING.sub("", folded))
    if behind := _WORD_BEHIND.fullmatch(folded):
        folded = ("≤" if behind["word"] in {"以下", "以内"} else "≥") + behind["figure"]
    compact = folded.replace(" ", "").replace("\n", "")
    column = parse_unit(unit)
    if not compact:
        raise _missing(text)
    if compact in _NONE:
        return LimitExpression(NoLimit(), column)
    absent = _ABSENT.match(compact)
    if absent is not None:
        return _absence(absent, compact, column, text)
    if claimed := _CLAIMED_FIGURES.fullmatch(compact):
        return parse_limit(claimed["figures"], unit)
    claim = _CLAIM.fullmatch(compact)
    if claim is not None:
        return _claim(claim, column)
    if re.search(r"(?<![A-Za-z])n\s*[=:]", folded):
        return _plan(folded, column, text)
    return _figures(folded, column, text)


def _missing(text: str) -> LimitTextError:
    return LimitTextError(
        "limit_value_missing",
        N_("The limit “%(text)s” has lost its value; expected a form such as ≤0.02 mg/kg."),
        text=text[:60],
    )


def _unknown(text: str) -> LimitTextError:
    return LimitTextError(
        "not_a_limit",
        N_("“%(text)s” is not a limit; expected a form such as ≤0.02 mg/kg, 不得检出 or n=5,c=2,m=10,M=100 CFU/g."),
        text=text[:60],
    )


def _absence(absent: re.Match[str], compact: str, column: Unit, text: str) -> LimitExpression:
    prohibited = absent["ban"] or absent["verb"] in {"使用", "添加", "加入"}
    kind = AbsenceKind.USE_PROHIBITED if prohibited else AbsenceKind.MUST_BE_ABSENT
    rest = compact[absent.end() :]
    qualifier = ""
    if bracket := _BRACKETS.fullmatch(rest):
        rest, qualifier = "", bracket[1]
    try:
        own = parse_unit(rest) if rest else column
    except QuantityError as error:
        raise _unknown(text) from error
    return LimitExpression(Absence(kind), own, qualifier)


def _claim(claim: re.Match[str], column: Unit) -> LimitExpression:
    relation = {"≤": Relation.AT_MOST, "≥": Relation.AT_LEAST}.get(claim["sign"] or "")
    percent = Decimal(claim["first"] or claim["last"] or 100)
    deviation = Decimal(claim["deviation"]) if claim["deviation"] else None
    unit = parse_unit(claim["unit"]) if claim["unit"] else column
    return LimitExpression(LabelClaim(relation, percent, deviation), unit)


def _plan(folded: str, column: Unit, text: str) -> LimitExpression:
    keys = list(_PLAN_KEY.finditer(folded))
    repairs = [Repair.SIGN_BEFORE_PLAN] if folded[: keys[0].start()].strip(" (") else []
    numbers: dict[str, Decimal] = {}
    unit = column
    for position, key in enumerate(keys):
        end = keys[position + 1].start() if position + 1 < len(keys) else len(folded)
        part = folded[key.end() : end].strip(" ,;、)(")
        if key[1] == "M" and part in {"", "-", "/", "--"}:
            continue  # the standards print a dash where a two-class plan has no M
        lost = _LOST_POWER.match(part) if key[1] in "mM" else None
        if lost is not None:  # no plan counts to 104: the superscript of 10⁴ fell down in copying
            part = f"10^{lost[1]}{part[lost.end() :]}"
            repairs.append(Repair.SUPERSCRIPT_LOST)
        read = read_number(part)
        if read is None or key[1] in numbers:
            raise _unknown(text)
        if read.superscript_restored:
            repairs.append(Repair.SUPERSCRIPT_LOST)
        numbers[key[1]] = read.value
        if read.rest:
            unit = parse_unit(read.rest.strip("()"))
    if not {"n", "c", "m"} <= numbers.keys() or any(numbers[k] % 1 for k in "nc"):
        raise _unknown(text)
    plan = MicroPlan(int(numbers["n"]), int(numbers["c"]), numbers["m"], numbers.get("M"))
    return LimitExpression(plan, unit, repairs=tuple(dict.fromkeys(repairs)))


@dataclass(slots=True)
class _Reading:
    """What has been read of a text of figures so far."""

    rest: str
    repairs: list[Repair]
    unit_text: str = ""

    def sign(self) -> str:
        run = re.match(r"[≤≥<>=\s]*", self.rest)
        signs = run[0].replace(" ", "") if run else ""
        self.rest = self.rest[run.end() if run else 0 :]
        if len(signs) > 1 and signs not in {"<=", ">="}:
            self.repairs.append(Repair.DOUBLED_SIGN)
        return signs[:1]

    def number(self, *, signed: bool = True) -> Decimal | None:
        read: NumberRead | None = read_number(self.rest)
        if read is None or (not signed and self.rest[:1] in "+-"):
            return None
        self.rest = read.rest
        if read.superscript_restored:
            self.repairs.append(Repair.SUPERSCRIPT_LOST)
        return read.value

    def unit(self, stop: str) -> None:
        """Take what stands before `stop` as a unit: `52.0%vol` of `52.0%vol~54.0%vol`."""
        found = re.match(rf"[^0-9{stop}]*(?:/[0-9]*[^0-9{stop}]*)?", self.rest)
        if found and found[0].strip():
            self.unit_text = self.unit_text or found[0].strip()
            self.rest = self.rest[found.end() :].strip()


def _figures(folded: str, column: Unit, text: str) -> LimitExpression:
    qualifier, body = _split_qualifier(folded)
    reading = _Reading(body, [])
    sign = reading.sign()
    first = reading.number()
    if first is None:
        if sign or reading.rest.startswith("/"):
            raise _missing(text)
        raise _unknown(text)
    if footnote := _FOOTNOTE.match(reading.rest):
        reading.rest = reading.rest[footnote.end() :]
        reading.repairs.append(Repair.FOOTNOTE_MARK)
    form = _form(reading, sign, first, text)
    if reading.rest:
        if reading.unit_text:
            _require_same_unit(reading.rest, reading.unit_text, text)
        reading.unit_text = reading.unit_text or reading.rest
    try:
        own = parse_unit(reading.unit_text) if reading.unit_text else NO_UNIT
    except QuantityError as error:
        raise _unknown(text) from error
    unit = column if own == NO_UNIT else own
    if first < 0 and unit.is_content:
        raise LimitTextError(
            "limit_negative",
            N_("“%(text)s” is below 0, which no content of a food can be held to."),
            text=text[:60],
        )
    return LimitExpression(form, unit, qualifier, tuple(dict.fromkeys(reading.repairs)))


def _require_same_unit(one: str, other: str, text: str) -> None:
    try:
        same = parse_unit(one) == parse_unit(other)
    except QuantityError as error:
        raise _unknown(text) from error
    if not same:
        raise _unknown(text)


def _split_qualifier(folded: str) -> tuple[str, str]:
    bracket = _BRACKETS.search(folded)
    if bracket is None:
        return "", folded
    inner = bracket[1].strip()
    if re.search(r"v/v|m/m|体积分数|质量分数|vol", inner, re.IGNORECASE):
        return "", folded
    return inner, folded[: bracket.start()].strip()


def _form(reading: _Reading, sign: str, first: Decimal, text: str) -> LimitForm:
    """Decide between one bound, two bounds, a range and a tolerance by what follows the first figure."""
    if "±" in reading.rest:
        reading.unit("±")
        reading.rest = reading.rest.lstrip("±").strip()
        deviation = reading.number(signed=False)
        if deviation is None:
            raise _unknown(text)
        if sign:
            reading.repairs.append(Repair.SIGN_BEFORE_RANGE)
        return Tolerance(first, deviation)
    before = reading.rest
    reading.unit("~≤≥<>,;、且和至到…-")
    if between := re.match(r"^([≤<])\s*[A-Za-z\u4e00-\u9fff]{1,12}\s*([≤<])\s*", reading.rest):
        reading.rest = reading.rest[between.end() :]
        return Range(first, _second(reading, text), between[1] == "<", between[2] == "<")
    if span := _RANGE_SIGN.match(reading.rest):
        after = reading.rest[span.end() :]
        if read_number(after):
            reading.rest = after
            if sign:
                reading.repairs.append(Repair.SIGN_BEFORE_RANGE)
            return Range(first, _second(reading, text))
    if (joint := _JOINT.match(reading.rest)) and reading.rest[joint.end() :][:1] in set("≤≥<>"):
        reading.rest = reading.rest[joint.end() :]
        return _two_bounds(reading, sign, first, text)
    reading.rest, reading.unit_text = before, ""
    if sign in {"≥", ">"}:
        return Minimum(first, strict=sign == ">")
    return Maximum(first, strict=sign == "<")


def _second(reading: _Reading, text: str) -> Decimal:
    value = reading.number(signed=False)
    if value is None:
        raise _unknown(text)
    return value


def _two_bounds(reading: _Reading, sign: str, first: Decimal, text: str) -> Range:
    other = reading.sign()
    second = _second(reading, text)
    if {sign, other} & {"≥", ">"} == set() or {sign, other} & {"≤", "<"} == set():
        raise _unknown(text)
    if sign in {"≥", ">"}:
        return Range(first, second, sign == ">", other == "<")
    return Range(second, first, other == ">", sign == "<")
