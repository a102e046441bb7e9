"""The words of limit tables in the language of the person who looks."""

from lims.catalog.labels import label
from lims.catalog.types import ItemKind
from lims.i18n import LazyString, gettext
from lims.i18n import lazy_gettext as _l
from lims.limit_tables.columns import OFFICIAL
from lims.limit_tables.types import Part, Problem, RowVerdict

_VERDICTS: dict[RowVerdict, tuple[LazyString, str, str]] = {
    RowVerdict.NEW: (_l("Adds"), "good", "plus"),
    RowVerdict.CHANGED: (_l("Changes"), "info", "edit"),
    RowVerdict.SAME: (_l("The same"), "neutral", "check"),
    RowVerdict.UNKNOWN: (_l("Unknown name"), "warn", "search"),
    RowVerdict.UNREADABLE: (_l("Cannot be read"), "bad", "fail"),
    RowVerdict.CONFLICT: (_l("In conflict"), "bad", "alert"),
}
_PARTS: dict[Part, LazyString] = {
    Part.LIMIT: _l("Limit"),
    Part.BASIS: _l("Standard"),
    Part.KIND: _l("Kind of item"),
    Part.RISK_GRADE: _l("Risk grade"),
    Part.TESTED_BY: _l("Methods of the rule book"),
    Part.JUDGED_BY: _l("Judged by"),
    Part.LOD: _l("Limit of detection"),
    Part.RESULT_FORMAT: _l("Format rule"),
    Part.PROBLEM_CONCLUSION: _l("Conclusion of a problem sample"),
    Part.CONDITION: _l("Condition"),
}


def verdict_words(verdict: RowVerdict) -> LazyString:
    """What would become of a row."""
    return _VERDICTS[verdict][0]


def verdict_tone(verdict: RowVerdict) -> str:
    """The colour it is shown in, beside its words."""
    return _VERDICTS[verdict][1]


def verdict_icon(verdict: RowVerdict) -> str:
    """The glyph it is shown with."""
    return _VERDICTS[verdict][2]


def part_words(part: Part | str) -> LazyString:
    """A part of the catalogue that a row changes."""
    return _PARTS[Part(part)]


def value_words(part: Part | str, value: str) -> str:
    """A value before or after; kinds are kept as codes."""
    return label(ItemKind(value)) if Part(part) is Part.KIND and value else value


def problem_words(problem: Problem) -> str:
    """Why a row cannot be used, after the official name of the column it stands in."""
    said = problem.translated(gettext)
    return f"{OFFICIAL[problem.column]}{gettext(': ')}{said}" if problem.column else said
