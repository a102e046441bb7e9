"""Values of the results package: what the bench found, how it is judged, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from lims.catalog.limits import LimitExpression
from lims.quantities import NO_UNIT, Unit


class ItemVerdict(StrEnum):
    """Verdict of one item (单项判定)."""

    PASS = "pass"  # noqa: S105 a verdict, not a password
    FAIL = "fail"
    PROBLEM = "problem"
    NOT_JUDGED = "not_judged"
    CANNOT_JUDGE = "cannot_judge"
    UNTESTED = "untested"


class PrintedVerdict(StrEnum):
    """Verdict over a printed item: as `ItemVerdict`, and one more for a source that cannot be read."""

    PASS = "pass"  # noqa: S105 a verdict, not a password
    FAIL = "fail"
    PROBLEM = "problem"
    NOT_JUDGED = "not_judged"
    CANNOT_JUDGE = "cannot_judge"
    UNTESTED = "untested"
    UNREADABLE = "unreadable"


class SampleVerdict(StrEnum):
    """Conclusion of a sample over its items (检验结论)."""

    PASS = "pass"  # noqa: S105 a verdict, not a password
    FAIL = "fail"
    PROBLEM = "problem"
    UNDECIDED = "undecided"


class FindingKind(StrEnum):
    """What a finding says: never a number with a mark beside it.

    `below_loq` was seen but not quantified (between LOD and LOQ); `less_than` is a printed `<10` of which nothing more
    is known; `exceeds` a printed `>3.0×10⁵`; `detected` a find without a number.
    """

    MEASURED = "measured"
    NOT_DETECTED = "not_detected"
    BELOW_LOQ = "below_loq"
    LESS_THAN = "less_than"
    EXCEEDS = "exceeds"
    DETECTED = "detected"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one item in one test unit.

    Attributes:
        value: the measured value, every figure kept; only with `measured`.
        bound: LOD, LOQ or the printed bound, in `unit`; None where none was stated.
        unit: unit of value or bound.
        unit_stated: the text carried the unit; otherwise the unit of the limit is meant.
    """

    kind: FindingKind
    value: Decimal | None = None
    bound: Decimal | None = None
    unit: Unit = NO_UNIT
    unit_stated: bool = True

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.kind is FindingKind.MEASURED):
            raise ValueError(f"a {self.kind} finding with value {self.value}")
        if self.bound is None and self.kind in {FindingKind.LESS_THAN, FindingKind.EXCEEDS}:
            raise ValueError(f"a {self.kind} finding needs its bound")
        if self.bound is not None and self.kind in {FindingKind.MEASURED, FindingKind.DETECTED}:
            raise ValueError(f"a {self.kind} finding with bound {self.bound}")


class TestSetState(StrEnum):
    """How far the bench is with one blind portion."""

    __test__ = False  # pytest takes classes that begin with Test for its own
    OPEN = "open"
    TESTING = "testing"
    LOCKED = "locked"
    GIVEN_UP = "given_up"  # ended without a conclusion, with the reason on the sample


class LimitState(StrEnum):
    """What the catalogue answered when the worklist was made."""

    FOUND = "found"
    NONE = "none"
    MISSING_EDITION = "missing_edition"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Calculation:
    """How a result was computed: the name of a formula, and its interim values as they were written."""

    formula: str
    interims: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One result as a tester writes it.

    Attributes:
        set_item_id: the line of the worklist.
        text: `0.152`, `未检出`, `<LOQ`, or the n results of a microbiological plan, each after a semicolon; `/` for an
            item that was not tested.
        reason: why, where it replaces a result that stands.
        untested_reason: why the item was not tested; only with `/`.
        seen_version: the version of the result that was on the screen, 0 for none; None where nobody looked.
        calculation: how the text was computed, where it was.
    """

    set_item_id: UUID
    text: str
    reason: str | None = None
    untested_reason: str | None = None
    seen_version: int | None = None
    calculation: Calculation | None = None


class Comparison(StrEnum):
    """How a value is held against a limit (GB/T 8170-2008, 4.3)."""

    FULL_VALUE = "full_value"
    ROUNDED_VALUE = "rounded_value"


class SignatureMeaning(StrEnum):
    """What a signature says."""

    APPROVED = "approved"  # 批准: the authorised signatory answers for this report and its conclusion


class ReportStanding(StrEnum):
    """What the public check page says of a report."""

    CURRENT = "current"
    NOT_ISSUED = "not_issued"  # composed, and never signed
    SUPERSEDED = "superseded"  # another version was signed in its place
    WITHDRAWN = "withdrawn"  # a recheck concluded otherwise


class ItemKind(StrEnum):
    """Whether an item decides the conclusion (抽检项目) or is only watched (监测项目)."""

    INSPECTION = "inspection"
    MONITORING = "monitoring"


class BoundKind(StrEnum):
    """At which figure `不得检出` or `不得使用` is judged; a column of the method row."""

    LOD = "lod"
    LOQ = "loq"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class AbsenceBound:
    """The figure from which a find counts as found.

    Attributes:
        value: the stated figure in `unit`; None for LOD and LOQ, which stand on the method.
    """

    kind: BoundKind = BoundKind.LOD
    value: Decimal | None = None
    unit: Unit = NO_UNIT

    def __post_init__(self) -> None:
        if (self.value is not None) != (self.kind is BoundKind.STATED):
            raise ValueError(f"an absence bound of kind {self.kind} with value {self.value}")


@dataclass(frozen=True, slots=True)
class Method:
    """What the method row says about how little can be seen; LOD ≤ LOQ, both in `unit`."""

    lod: Decimal | None
    loq: Decimal | None
    unit: Unit

    def __post_init__(self) -> None:
        if self.lod is not None and self.loq is not None and self.lod > self.loq:
            raise ValueError(f"LOD {self.lod} above LOQ {self.loq}")


class ResultBasis(StrEnum):
    """What a result refers to when the limit holds for dry matter."""

    OF_LIMIT = "of_limit"
    AS_SAMPLED = "as_sampled"


@dataclass(frozen=True, slots=True)
class JudgementInput:
    """Everything a verdict depends on, frozen with it so that it can be computed again.

    Attributes:
        findings: one, or the n results of a microbiological plan; none when the item was not tested.
        limit: the limit version applied; None where the catalogue has none for this food.
        method: the method row; None for a result from outside whose method is unknown.
        label_claim: what the label claims, as a limit expression (a bare figure reads as a maximum of that figure).
        basis: `as_sampled` asks for conversion to dry matter by `moisture_percent`.
        moisture_percent: water of the sample, 0 to below 100, in g/100g.
    """

    findings: tuple[Finding, ...]
    limit: LimitExpression | None
    kind: ItemKind = ItemKind.INSPECTION
    comparison: Comparison = Comparison.FULL_VALUE
    absence: AbsenceBound = field(default_factory=AbsenceBound)
    method: Method | None = None
    label_claim: str = ""
    basis: ResultBasis = ResultBasis.OF_LIMIT
    moisture_percent: Decimal | None = None


class Rule(StrEnum):
    """The rule that decided a verdict; stored with it."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    RANGE = "range"
    TOLERANCE = "tolerance"
    MUST_BE_ABSENT = "must_be_absent"
    USE_PROHIBITED = "use_prohibited"
    MICRO_TWO_CLASS = "micro_two_class"
    MICRO_THREE_CLASS = "micro_three_class"
    NO_LIMIT = "no_limit"
    UNTESTED = "untested"
    UNIT_MISMATCH = "unit_mismatch"
    LABEL_CLAIM_OPEN = "label_claim_open"
    SAMPLE_COUNT = "sample_count"
    BOUND_UNSTATED = "bound_unstated"
    DRY_BASIS = "dry_basis"
    SUM_OF_SHARES = "sum_of_shares"
    SUM_OF_ITEMS = "sum_of_items"
    SCREENING = "screening"
    UNREADABLE = "unreadable"
    LIMIT_DIRECTION = "limit_direction"
    MISSING_EDITION = "missing_edition"
    AMBIGUOUS_LIMIT = "ambiguous_limit"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words that both languages have: an English source string with `%(name)s` places and its values."""

    code: str
    message: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params

    def translated(self, gettext: Callable[[str], str]) -> str:
        """The sentence in the language that `gettext` speaks."""
        return gettext(self.message) % self.params


@dataclass(frozen=True, slots=True)
class ItemJudgement:
    """A verdict with the rule, the reason and the figure that was held against the limit.

    Attributes:
        compared_value: value in the unit of the limit, rounded where the standard asks for it; None without a figure.
        limit_text: the limit in its official form.
    """

    verdict: ItemVerdict
    rule: Rule
    reason: Reason
    compared_value: Decimal | None = None
    limit_text: str = ""
