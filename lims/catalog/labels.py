"""The closed lists of the catalogue in words, for pages."""

from enum import StrEnum

from lims.catalog.reporting import Band, parse_reporting_rule
from lims.catalog.types import (
    AbsenceBound,
    Comparison,
    Coverage,
    DayKind,
    Hazard,
    ItemClass,
    ItemKind,
    ParameterUnit,
    RegionLevel,
    Trust,
)
from lims.i18n import LazyString, ngettext
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.quantities import format_measured

_WORDS: tuple[tuple[StrEnum, LazyString], ...] = (
    (Trust.READ, _l("read in its source")),
    (Trust.GENERAL, _l("general knowledge of the trade")),
    (Trust.INFERRED, _l("inferred")),
    (ItemClass.CONTAMINANT, _l("Contaminant")),
    (ItemClass.MYCOTOXIN, _l("Mycotoxin")),
    (ItemClass.PESTICIDE, _l("Pesticide")),
    (ItemClass.VETERINARY_DRUG, _l("Veterinary drug")),
    (ItemClass.ADDITIVE, _l("Additive")),
    (ItemClass.MICROORGANISM, _l("Microorganism")),
    (ItemClass.NON_FOOD_SUBSTANCE, _l("Non-food substance")),
    (ItemClass.QUALITY, _l("Quality")),
    (ItemClass.NUTRIENT, _l("Nutrient")),
    (Hazard.NONE, _l("no 24-hour lane")),
    (Hazard.ILLEGAL_ADDITIVE, _l("24-hour lane: illegal additive")),
    (Hazard.PROHIBITED_DRUG, _l("24-hour lane: prohibited drug")),
    (Hazard.PATHOGEN, _l("24-hour lane: pathogen")),
    (ItemKind.INSPECTION, _l("Inspection item")),
    (ItemKind.MONITORING, _l("Monitoring item")),
    (AbsenceBound.LOD, _l("limit of detection")),
    (AbsenceBound.LOQ, _l("limit of quantification")),
    (AbsenceBound.STATED, _l("a stated bound")),
    (Comparison.FULL_VALUE, _l("Full value")),
    (Comparison.ROUNDED_VALUE, _l("Rounded value")),
    (Coverage.COMPLETE, _l("complete")),
    (Coverage.PARTIAL, _l("in part")),
    (Coverage.NONE, _l("by name only")),
    (RegionLevel.PROVINCE, _l("Province")),
    (RegionLevel.CITY, _l("City")),
    (RegionLevel.COUNTY, _l("County")),
    (DayKind.WORKDAY, _l("Working day")),
    (DayKind.WEEKEND, _l("Weekend")),
    (DayKind.PUBLIC_HOLIDAY, _l("Public holiday")),
    (DayKind.MAKEUP_WORKDAY, _l("Make-up working day")),
    (ParameterUnit.WORKING_DAY, _l("working days")),
    (ParameterUnit.NATURAL_DAY, _l("natural days")),
    (ParameterUnit.HOUR, _l("hours")),
    (ParameterUnit.MONTH, _l("months")),
    (ParameterUnit.COUNT, _l("pieces")),
    (ParameterUnit.PERCENT, _l("per cent")),
    (ParameterUnit.GRAM, _l("grams")),
    (ParameterUnit.CELSIUS, _l("degrees Celsius")),
    (ParameterUnit.SWITCH, _l("1 yes, 0 no")),
)
# By kind as well: members of two lists that share a value, such as "none", are equal.
_LABELS = {(type(value), value.value): words for value, words in _WORDS}


def lazy_label(value: StrEnum) -> LazyString:
    """A value of a closed list, in the language of the person who looks: for choices defined at import."""
    return _LABELS[type(value), value.value]


_ABSENCES = {"不得检出": _l("must not be detected"), "不得使用": _l("must not be used")}


def limit_words(text: str, unit: str | None) -> str:
    """A limit as people read it: `≤0.2 mg/kg`; words that forbid stand alone, in the person's language."""
    if text in _ABSENCES:
        return str(_ABSENCES[text])
    return f"{text} {unit}" if unit else text


def reporting_words(text: str) -> str:
    """A format rule as people read it, band by band: `≥0.02, <1: 2 significant figures; ≥1: 3 significant figures`."""
    return _("; ").join(_band_words(band) for band in parse_reporting_rule(text).bands)


def _band_words(band: Band) -> str:
    ends = [
        f"{strict if is_strict else loose}{format_measured(end)}"
        for end, is_strict, strict, loose in (
            (band.low, band.low_strict, ">", "≥"),
            (band.high, band.high_strict, "<", "≤"),
        )
        if end is not None
    ]
    if band.are_decimals:
        digits = ngettext("%(num)s decimal", "%(num)s decimals", band.digits)
    else:
        digits = ngettext("%(num)s significant figure", "%(num)s significant figures", band.digits)
    return _(": ").join([", ".join(ends), digits]) if ends else digits


def label(value: StrEnum) -> str:
    """A value of a closed list in the person's language."""
    return str(lazy_label(value))
