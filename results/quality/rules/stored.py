"""What an evaluation used, as plain JSON, and back: so that it can be computed again to the same answer (I8)."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from lims.quantities import parse_unit
from results.quality.types import (
    BlankCriteria,
    ControlChart,
    ControlCriteria,
    ControlPoint,
    Criteria,
    DuplicateCriteria,
    QcCase,
    RangeCriteria,
    SpikeCriteria,
    WestgardRule,
)
from results.rules.stored import finding_from_json, finding_to_json

_CRITERIA: Mapping[str, type[Criteria]] = {
    "blank": BlankCriteria,
    "control": ControlCriteria,
    "range": RangeCriteria,
    "duplicate": DuplicateCriteria,
    "spike": SpikeCriteria,
}
_NAMES = {kind: name for name, kind in _CRITERIA.items()}


def criteria_to_json(criteria: Criteria) -> dict[str, Any]:
    """Criteria in strings, every figure with its digits."""
    figures = {one.name: _to_text(getattr(criteria, one.name)) for one in fields(criteria)}
    return {"kind": _NAMES[type(criteria)], **figures}


def criteria_from_json(stored: Mapping[str, Any]) -> Criteria:
    """Read back what `criteria_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: not written by it.
    """
    kind = _CRITERIA[stored["kind"]]
    figures: dict[str, Any] = {one.name: _to_figure(stored[one.name]) for one in fields(kind)}
    return kind(**figures)


def case_to_json(case: QcCase) -> dict[str, Any]:
    """The inputs of an evaluation."""
    return {
        "criteria": criteria_to_json(case.criteria),
        "unit": case.unit.text,
        "found": finding_to_json(case.found) if case.found else None,
        "compared": finding_to_json(case.compared) if case.compared else None,
        "chart": _chart_to_json(case.chart) if case.chart else None,
    }


def case_from_json(stored: Mapping[str, Any]) -> QcCase:
    """Read back what `case_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: not written by it.
    """
    found, compared, chart = stored["found"], stored["compared"], stored["chart"]
    return QcCase(
        criteria=criteria_from_json(stored["criteria"]),
        unit=parse_unit(stored["unit"]),
        found=finding_from_json(found) if found else None,
        compared=finding_from_json(compared) if compared else None,
        chart=_chart_from_json(chart) if chart else None,
    )


def _chart_to_json(chart: ControlChart) -> dict[str, Any]:
    return {
        "run": _points_to_json(chart.run),
        "place": chart.place,
        "earlier": [_points_to_json(run) for run in chart.earlier],
        "applied": sorted(rule.value for rule in chart.applied),
    }


def _chart_from_json(stored: Mapping[str, Any]) -> ControlChart:
    return ControlChart(
        run=_points_from_json(stored["run"]),
        place=stored["place"],
        earlier=tuple(_points_from_json(run) for run in stored["earlier"]),
        applied=frozenset(WestgardRule(rule) for rule in stored["applied"]),
    )


def _points_to_json(points: tuple[ControlPoint, ...]) -> list[list[str]]:
    return [[point.lot, format(point.z, "f")] for point in points]


def _points_from_json(stored: list[list[str]]) -> tuple[ControlPoint, ...]:
    return tuple(ControlPoint(lot, Decimal(z)) for lot, z in stored)


def _to_text(figure: Decimal | None) -> str | None:
    return None if figure is None else format(figure, "f")


def _to_figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
