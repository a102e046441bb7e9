"""Measured values and their units: exact decimals, and units that convert only within a dimension.

Laboratories, instruments and bulletins write the same value in many ways: full-width signs, two kinds of micro sign,
superscripts that a copy has flattened (`2.0×105`). `fold` removes the ways, the parsers keep the figures.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

MAX_DIGITS = 20  # a laboratory reports three figures; twenty leave room for any instrument
MAX_POWER = 18  # 10¹⁸ of anything per gram is no measurement


def mark(message: str) -> str:
    """Mark a text for translation where it is only stored; `N_` is the name that extractors know."""
    return message


N_ = mark


class QuantityError(ValueError):
    """A text that is no value, unit or limit.

    Args:
        code: stable name of what is wrong.
        message: English source string with `%(name)s` places, shown through `gettext(message, **params)`.
        params: the offending text and what was expected.
    """

    def __init__(self, code: str, message: str, **params: str) -> None:
        super().__init__(message % params)
        self.code = code
        self.message = message
        self.params = params


class UnitMismatchError(QuantityError):
    """Two units that measure different things, as mg/kg and mg/L do."""


# ---------------------------------------------------------------- writing

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_PLAIN = "0123456789+-"
_TO_PLAIN = str.maketrans(_SUPERSCRIPTS, _PLAIN)
_TO_SUPERSCRIPT = str.maketrans(_PLAIN, _SUPERSCRIPTS)
_SUPERSCRIPT_RUN = re.compile(f"[{_SUPERSCRIPTS}]+")

_FOLDS: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width ASCII
    **{ord(mark): " " for mark in "\u3000\u00a0\u2002\u2003\u2009\u202f\t\r"},
    **{ord(mark): "" for mark in "\u200b\u200c\u200d\u2060\ufeff"},
    **{ord(mark): "~" for mark in "〜∼˜"},
    **{ord(mark): "-" for mark in "−–—‒―﹣‐‑"},
    **{ord(mark): "×" for mark in "✕✖╳⨯"},
    **{ord(mark): "≤" for mark in "≦⩽⋜"},
    **{ord(mark): "≥" for mark in "≧⩾⋝"},
    **{ord(mark): "<" for mark in "﹤〈"},
    **{ord(mark): ">" for mark in "﹥〉"},
    ord("µ"): "μ",  # U+00B5 micro sign to U+03BC, the letter that the standards print
    ord("﹪"): "%",
    ord("＼"): "/",
    ord("ℓ"): "l",
    ord("℃"): "°C",
    ord("º"): "°",
}
for _code in range(0x3300, 0x3400):  # ㎎, ㎏, ㎍, ㎖, ㎠: one character per unit
    _FOLDS[_code] = unicodedata.normalize("NFKC", chr(_code)).replace("\u00b5", "μ")


_INVERSE = re.compile(r"(?<=[A-Za-zμ])\s?[·•.*]\s?(kg|g|L|l|mL|ml)\s?\^?-1(?![0-9])")  # mg·kg⁻¹ is mg/kg


def fold(text: str) -> str:
    """One spelling for each sign: half width, `μ`, `~`, `×`, superscripts as `^5`; spaces are kept as single ones."""
    folded = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run[0].translate(_TO_PLAIN), text)
    folded = folded.translate(_FOLDS).replace("<=", "≤").replace(">=", "≥")
    folded = _INVERSE.sub(r"/\1", folded)
    return re.sub(r" {2,}", " ", folded).strip()


# ---------------------------------------------------------------- numbers

_NUMBER = re.compile(
    r"""
    (?!0[xX])(?P<sign>[+-])?\s*
    (?:
        10\s*\^\s*\(?(?P<bare>[+-]?[0-9]{1,2})\)?
      | (?P<mantissa>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
        (?:
            \s*[×xX*·]\s*(?P<ten>10)
              (?:\s*\^\s*\(?(?P<power>[+-]?[0-9]{1,2})\)?|(?P<lost>[1-9][0-9]?))?
              (?![0-9.])
          | [eE](?P<exponent>[+-]?[0-9]{1,3})(?![0-9])
        )?
    )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class NumberRead:
    """A number at the beginning of a text.

    Attributes:
        value: every written figure kept: `1.50` has three.
        rest: what follows it, spaces removed.
        superscript_restored: the text had lost the superscript of a power (`2.0×105` for 2.0×10⁵).
    """

    value: Decimal
    rest: str
    superscript_restored: bool = False


def read_number(text: str) -> NumberRead | None:
    """Read a number from the beginning of folded text, or None when there is none.

    Raises:
        QuantityError: a number, but beyond what anything measures.
    """
    found = _NUMBER.match(text)
    if found is None:
        return None
    if found["bare"] is not None:
        mantissa, power = "1", int(found["bare"])
    else:
        mantissa = found["mantissa"]
        raised = found["power"] or found["lost"] or found["exponent"]
        power = int(raised) if raised is not None else int(found["ten"] is not None)
    value = Decimal(f"{mantissa}E{power}") if power else Decimal(mantissa)
    if len(value.as_tuple().digits) > MAX_DIGITS or abs(value.adjusted()) > MAX_POWER:
        raise QuantityError(
            "number_out_of_range",
            N_("“%(text)s” is beyond what can be measured; expected at most %(digits)s figures."),
            text=text[:60],
            digits=str(MAX_DIGITS),
        )
    if found["sign"] == "-" and value:
        value = value.copy_negate()
    return NumberRead(value, text[found.end() :].strip(), found["lost"] is not None)


def parse_measured(text: str) -> Decimal:
    """Read one measured number, keeping every figure: `1.50` stays 1.50, `3.0×10⁵` keeps two.

    Args:
        text: a plain number, a power of ten in any usual spelling, or an exponent as instruments write it.

    Raises:
        QuantityError: no number, not finite, or beyond what can be measured.
    """
    folded = fold(text)
    read = read_number(folded)
    if read is None or read.rest:
        raise QuantityError(
            "not_a_number",
            N_("“%(text)s” is not a measured value; expected a number such as 0.152 or 3.0×10⁵."),
            text=text[:60],
        )
    return read.value


def format_measured(value: Decimal) -> str:
    """Write a value with all its figures and no raw exponent: 1.50, 0.0000001, 3.0×10⁵, 10⁴."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise QuantityError(
            "not_a_number",
            N_("“%(text)s” is not a measured value; expected a number such as 0.152 or 3.0×10⁵."),
            text=str(value),
        )
    if exponent <= 0 or not value:
        return format(value, "f")
    sign, digits, _ = value.as_tuple()
    power = str(exponent + len(digits) - 1).translate(_TO_SUPERSCRIPT)
    mantissa = "".join(map(str, digits))
    if mantissa == "1":
        return f"{'-' * sign}10{power}"
    point = f"{mantissa[0]}.{mantissa[1:]}" if mantissa[1:] else mantissa
    return f"{'-' * sign}{point}×10{power}"


def decimals_of(value: Decimal) -> int:
    """Number of decimal places as written: 2 for 1.50, 0 for 15, -4 for 10⁴."""
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


# ---------------------------------------------------------------- units


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement in its official spelling.

    Attributes:
        text: as printed: `mg/kg`, `CFU/250mL`, empty for a ratio.
        dimension: what it measures; only units of one dimension convert.
        scale: size in the base unit of the dimension, exact.
    """

    text: str
    dimension: str
    scale: Fraction

    def __str__(self) -> str:
        return self.text

    @property
    def is_presence(self) -> bool:
        """`/25g`: found or not found in that much, which no calculation changes into another portion."""
        return self.dimension.startswith("found in ")

    @property
    def is_content(self) -> bool:
        """How much of something is in a food: none or more, never less (a temperature or a rotation may be)."""
        return "/" in self.dimension and not self.dimension.startswith("as written ")


_Atom = tuple[str, str, Fraction]  # official spelling, kind, size


def _atoms(kind: str, sizes: Mapping[str, tuple[str, Fraction]]) -> dict[str, _Atom]:
    return {
        spelling.lower(): (official, kind, size)
        for official, (spellings, size) in sizes.items()
        for spelling in (official, *spellings.split())
    }


_KILO, _MILLI, _MICRO, _NANO, _PICO = (Fraction(10) ** power for power in (3, -3, -6, -9, -12))
_ONE = Fraction(1)
_ATOMS: dict[str, _Atom] = {
    **_atoms(
        "mass",
        {
            "kg": ("千克 公斤", _KILO),
            "g": ("克", _ONE),
            "mg": ("毫克 mgkoh mg(koh)", _MILLI),
            "μg": ("ug mcg 微克", _MICRO),
            "ng": ("纳克", _NANO),
            "pg": ("皮克", _PICO),
        },
    ),
    **_atoms(
        "volume",
        {
            "L": ("升", _ONE),
            "dL": ("分升", Fraction(1, 10)),
            "mL": ("毫升 cc", _MILLI),
            "μL": ("ul 微升", _MICRO),
        },
    ),
    **_atoms("amount", {"mol": ("", _ONE), "mmol": ("", _MILLI), "μmol": ("umol", _MICRO)}),
    **_atoms("equivalents", {"meq": ("", _MILLI)}),
    **_atoms(
        "area",
        {
            "m²": ("m^2 m2 平方米", _ONE),
            "dm²": ("dm^2 dm2", Fraction(1, 100)),
            "cm²": ("cm^2 cm2 平方厘米", Fraction(1, 10_000)),
        },
    ),
    **_atoms("length", {"m": ("", _ONE), "cm": ("", Fraction(1, 100)), "mm": ("", _MILLI)}),
    **_atoms("day", {"每日": ("日 天 每天 d day", _ONE)}),
    **_atoms("conductance", {"mS": ("", _MILLI), "μS": ("us", _MICRO)}),
    **_atoms("activity", {"Bq": ("", _ONE)}),
    **_atoms("energy", {"kJ": ("千焦", _KILO), "kcal": ("千卡", Fraction(4184))}),
    # Colonies, probable numbers and plaques are counts by different methods: none becomes another.
    **_atoms("CFU", {"CFU": ("", _ONE)}),
    **_atoms("MPN", {"MPN": ("", _ONE)}),
    **_atoms("PFU", {"PFU": ("", _ONE)}),
    **_atoms("IU", {"IU": ("", _ONE)}),
    **{word: (word, word, _ONE) for word in ("份", "片", "粒", "支", "袋", "瓶", "件", "皿", "个", "张")},
}
_FIXED: dict[str, Unit] = {
    "": Unit("", "one", _ONE),
    **{word: Unit("", "one", _ONE) for word in ("/", "-", "--", "无", "无量纲")},
    **{word: Unit("%", "mass/mass", Fraction(1, 100)) for word in ("%", "%(m/m)", "%(质量分数)")},
    **{word: Unit("‰", "mass/mass", Fraction(1, 1000)) for word in ("‰",)},
    **{
        word: Unit("%vol", "volume/volume", Fraction(1, 100))
        for word in ("%vol", "%vol.", "vol%", "%(vol)", "%(v/v)", "%v/v", "%(体积分数)", "度(酒精)")
    },
    "倍": Unit("倍", "gas volumes", _ONE),
    "°c": Unit("°C", "temperature", _ONE),
    **{word: Unit(word, f"scale {word}", _ONE) for word in ("度", "分", "级", "秒", "分钟")},
}
_AS_NOTE = re.compile(r"(?<=.)\(以[^()干]*计\)$")  # mg/L(以O₂计): of what, not of how much; 干 is another figure
_LETTERS = "[A-Za-zμαβγδΩ°%‰]+"
_OPAQUE = re.compile(rf"{_LETTERS}(?:[/·-][0-9]{{0,4}}{_LETTERS}){{0,3}}")
_DENOMINATOR = re.compile(r"\(?(?P<count>[0-9]+(?:\.[0-9]+)?)?(?P<atom>[^0-9()]+.*?)\)?")


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """Read a unit in any usual spelling.

    A unit that this table does not know keeps its own dimension, so that it compares with itself only.

    Raises:
        QuantityError: the text is no unit.
    """
    key = re.sub(r"\s+", "", fold(text)).lower()
    key = _AS_NOTE.sub("", key)
    key = key[1:-1] if re.fullmatch(r"\([^()]*/[^()]*\)", key) else key
    if key in _FIXED:
        return _FIXED[key]
    numerator, slash, denominator = key.partition("/")
    top = _ATOMS.get(numerator)
    if not slash and top is not None:
        return Unit(top[0], top[1], top[2])
    if slash and (bottom := _read_denominator(denominator)) is not None:
        portion, kind, size = bottom
        if not numerator:
            return Unit(f"/{portion}", f"found in {portion}", _ONE)
        if top is not None:
            return Unit(f"{top[0]}/{portion}", f"{top[1]}/{kind}", top[2] / size)
    if _OPAQUE.fullmatch(key):
        spelled = re.sub(r"\s+", "", fold(text))
        return Unit(spelled, f"as written {key}", _ONE)
    raise QuantityError(
        "not_a_unit",
        N_("“%(text)s” is not a unit; expected one such as mg/kg or CFU/g."),
        text=text[:60],
    )


def _read_denominator(text: str) -> _Atom | None:
    found = _DENOMINATOR.fullmatch(text)
    if found is None or found["atom"] not in _ATOMS:
        return None
    official, kind, size = _ATOMS[found["atom"]]
    count = found["count"] or ""
    return f"{count}{official}", kind, size * (Fraction(count) if count else _ONE)


NO_UNIT = parse_unit("")


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """Express a value in another unit of the same dimension, exactly; its figures are kept by powers of ten.

    Raises:
        UnitMismatchError: other dimension, or a factor without a finite decimal form.
    """
    if source == target:
        return value
    if source.dimension != target.dimension:
        raise UnitMismatchError(
            "unit_mismatch",
            N_("A value in %(source)s cannot be compared with one in %(target)s."),
            source=source.text or "1",
            target=target.text or "1",
        )
    factor = source.scale / target.scale
    power = _power_of_ten(factor)
    if power is not None:
        return value.scaleb(power)
    try:
        product = value * Decimal(factor.numerator)
        quotient = product / Decimal(factor.denominator)
    except InvalidOperation as error:
        raise _inexact(source, target) from error
    if Fraction(quotient) != Fraction(value) * factor:
        raise _inexact(source, target)
    return quotient


def _inexact(source: Unit, target: Unit) -> UnitMismatchError:
    return UnitMismatchError(
        "unit_inexact",
        N_("A value in %(source)s has no exact decimal form in %(target)s."),
        source=source.text,
        target=target.text,
    )


@lru_cache(maxsize=1024)
def _power_of_ten(factor: Fraction) -> int | None:
    if factor.numerator == 1:
        digits = str(factor.denominator)
        return 1 - len(digits) if digits.rstrip("0") == "1" else None
    digits = str(factor.numerator)
    is_power = factor.denominator == 1 and digits.rstrip("0") == "1"
    return len(digits) - 1 if is_power else None
