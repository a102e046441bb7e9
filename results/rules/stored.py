"""What a verdict used, as plain JSON, and back: so that it can be computed again to the same answer (I8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lims.catalog.limits import format_limit, parse_limit
from lims.quantities import format_measured, parse_measured, parse_unit
from results.types import (
    AbsenceBound,
    BoundKind,
    Comparison,
    Finding,
    FindingKind,
    ItemKind,
    JudgementInput,
    Method,
    ResultBasis,
)


def to_json(case: JudgementInput) -> dict[str, Any]:
    """The inputs of a verdict in strings, lists and objects only; figures keep their digits."""
    return {
        "findings": [finding_to_json(finding) for finding in case.findings],
        "limit": {"text": format_limit(case.limit), "unit": case.limit.unit.text} if case.limit else None,
        "kind": case.kind.value,
        "comparison": case.comparison.value,
        "absence": {
            "kind": case.absence.kind.value,
            "value": _figure_to_json(case.absence.value),
            "unit": case.absence.unit.text,
        },
        "method": {
            "lod": _figure_to_json(case.method.lod),
            "loq": _figure_to_json(case.method.loq),
            "unit": case.method.unit.text,
        }
        if case.method
        else None,
        "label_claim": case.label_claim,
        "basis": case.basis.value,
        "moisture_percent": _figure_to_json(case.moisture_percent),
    }


def from_json(stored: Mapping[str, Any]) -> JudgementInput:
    """Read back what `to_json` wrote.

    Raises:
        KeyError, ValueError: not written by `to_json`.
    """
    limit, method, absence = stored["limit"], stored["method"], stored["absence"]
    return JudgementInput(
        findings=tuple(finding_from_json(finding) for finding in stored["findings"]),
        limit=parse_limit(limit["text"], limit["unit"]) if limit else None,
        kind=ItemKind(stored["kind"]),
        comparison=Comparison(stored["comparison"]),
        absence=AbsenceBound(
            BoundKind(absence["kind"]),
            _figure_from_json(absence["value"]),
            parse_unit(absence["unit"]),
        ),
        method=_method_from_json(method) if method else None,
        label_claim=stored["label_claim"],
        basis=ResultBasis(stored["basis"]),
        moisture_percent=_figure_from_json(stored["moisture_percent"]),
    )


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """One finding in strings; figures keep their digits."""
    return {
        "kind": finding.kind.value,
        "value": _figure_to_json(finding.value),
        "bound": _figure_to_json(finding.bound),
        "unit": finding.unit.text,
        "unit_stated": finding.unit_stated,
    }


def finding_from_json(stored: Mapping[str, Any]) -> Finding:
    """Read back what `finding_to_json` wrote."""
    return Finding(
        kind=FindingKind(stored["kind"]),
        value=_figure_from_json(stored["value"]),
        bound=_figure_from_json(stored["bound"]),
        unit=parse_unit(stored["unit"]),
        unit_stated=stored["unit_stated"],
    )


def _method_from_json(stored: Mapping[str, Any]) -> Method:
    lod, loq = (_figure_from_json(stored[name]) for name in ("lod", "loq"))
    return Method(lod, loq, parse_unit(stored["unit"]))


def _figure_to_json(figure: Decimal | None) -> str | None:
    return None if figure is None else format_measured(figure)


def _figure_from_json(text: str | None) -> Decimal | None:
    return None if text is None else parse_measured(text)
