"""Control charts: Levey-Jennings for controls, trends for everything else, each with its figures beside it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.catalog.queries import items_by_code
from lims.clock import local_date
from lims.db import db
from lims.errors import NotFoundError
from lims.i18n import bilingual
from lims.people.queries import person_names
from lims.quantities import format_measured
from lims.web.current import current_actor
from results.quality import words
from results.quality.queries.charts import ChartPoint, chart_points, list_series
from results.quality.queries.lots import get_lot
from results.quality.rules.evaluation import value_in
from results.quality.rules.stored import case_from_json
from results.quality.rules.summary import Summary, summarise
from results.quality.types import ControlCriteria, Criteria, QcOutcome, RangeCriteria, SlotKind, SpikeCriteria
from results.rules.rounding import round_to_figures
from results.types import FindingKind

bp = Blueprint("control_charts", __name__, url_prefix="/quality/charts")

SHOWN = {"30": 30, "100": 100, "all": 400}
FIGURES = 4  # of a mean and a deviation: one more than controls are reported with


@dataclass(frozen=True, slots=True)
class Mark:
    """One point as the page shows it.

    Attributes:
        value: what was measured, in the unit of the chart; None without a figure.
        drawn: where it stands on the chart: the value, or the z-score, recovery or difference.
        rule: the gravest rule that it breaks, by the short name; empty in control.
    """

    point: ChartPoint
    value: Decimal | None
    drawn: Decimal | None
    rule: str
    criteria: Criteria

    @property
    def tone(self) -> str:
        """How grave it is, in the words of the chart."""
        return {QcOutcome.IN_CONTROL: "", QcOutcome.WARNING: "warn", QcOutcome.REJECTED: "bad"}[
            self.point.verdict.outcome
        ]


@dataclass(frozen=True, slots=True)
class Scale:
    """By what the points are drawn: target and deviation, or bounds; `is_z` where targets differ among them."""

    unit: str
    target: Decimal | None = None
    deviation: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    is_z: bool = False


@bp.route("/")
@requires("results.batch")
def index() -> ResponseReturnValue:
    """The charts of one's laboratory."""
    series = list_series(db.session, current_actor().require_organisation())
    return render_template(
        "results/quality/charts.html",
        names=bilingual,
        words=words,
        series=[
            (
                one,
                url_for(
                    ".detail",
                    kind=one.kind.value,
                    item_code=one.item.code,
                    method=one.method,
                    lot=one.lot.id if one.lot else None,
                ),
            )
            for one in series
        ],
    )


@bp.route("/<any(blank,control,reference,duplicate,spike):kind>/<item_code>")
@requires("results.batch")
def detail(kind: str, item_code: str) -> ResponseReturnValue:
    """One chart: what was measured run after run, which rules were broken, and what was done about it."""
    lab_id = current_actor().require_organisation()
    item = items_by_code(db.session, [item_code.replace("\0", "")]).get(item_code)
    method = request.args.get("method", "").replace("\0", "")
    lot_id = _uuid(request.args.get("lot"))
    lot = get_lot(db.session, lab_id, lot_id) if lot_id else None
    last = request.args.get("last", "30")
    last = last if last in SHOWN else "30"
    if item is None:
        raise NotFoundError
    points = chart_points(
        db.session, lab_id, kind=SlotKind(kind), method=method, item_id=item.id, lot_id=lot_id, limit=SHOWN[last]
    )
    if not points:
        raise NotFoundError
    marks = _marks(points)
    scale = _scale(SlotKind(kind), marks)
    if scale.is_z:
        marks = [Mark(one.point, one.value, one.point.verdict.figure, one.rule, one.criteria) for one in marks]
    return render_template(
        "results/quality/chart.html",
        names=bilingual,
        words=words,
        kind=SlotKind(kind),
        item=item,
        method=method,
        lot=lot,
        marks=marks,
        scale=scale,
        last=last,
        windows=SHOWN,
        rounded=_rounded,
        summaries=_by_month(marks),
        total=summarise(one.drawn for one in marks if one.drawn is not None),
        people=person_names(
            db.session,
            {one.point.result.entered_by_id for one in marks}
            | {one.point.hold.lifted_by_id for one in marks if one.point.hold and one.point.hold.lifted_by_id},
        ),
    )


def _marks(points: Sequence[ChartPoint]) -> list[Mark]:
    marks = []
    for point in points:
        case = case_from_json(point.verdict.used)
        is_figure = case.found is not None and case.found.kind is FindingKind.MEASURED
        value = value_in(case.found, case.unit) if case.found is not None and is_figure else None
        by_value = isinstance(case.criteria, ControlCriteria | RangeCriteria)
        rule = words.rule_name(point.verdict.rules[0]) if point.verdict.rules else ""
        marks.append(Mark(point, value, value if by_value else point.verdict.figure, rule, case.criteria))
    return marks


def _scale(kind: SlotKind, marks: Sequence[Mark]) -> Scale:
    """By what the points are drawn; the last ones say it where the bounds were changed meanwhile."""
    last = marks[-1]
    unit = case_from_json(last.point.verdict.used).unit.text
    match last.criteria:
        case ControlCriteria(target, deviation):
            if any(one.criteria != last.criteria for one in marks):
                return Scale("", Decimal(0), Decimal(1), is_z=True)
            return Scale(unit, target, deviation)
        case RangeCriteria(target, low, high):
            return Scale(unit, target, low=low, high=high)
        case SpikeCriteria(_added, low, high):
            return Scale("%", low=low, high=high)
    if kind is SlotKind.BLANK:
        return Scale(unit, high=getattr(last.criteria, "limit", None))
    return Scale("%", high=getattr(last.criteria, "most_percent", None))


def _by_month(marks: Sequence[Mark]) -> list[tuple[str, Summary]]:
    """Month by month how many values there were, their mean and their spread."""
    months: dict[str, list[Decimal]] = defaultdict(list)
    for one in marks:
        if one.drawn is not None:
            months[f"{local_date(one.point.batch.opened_at):%Y-%m}"].append(one.drawn)
    return [(month, found) for month, values in months.items() if (found := summarise(values))]


def _rounded(figure: Decimal | None) -> str:
    return "" if figure is None else format_measured(round_to_figures(figure, FIGURES))


def _uuid(text: str | None) -> UUID | None:
    """The lot asked for.

    Raises:
        NotFoundError: it is none.
    """
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError from None
