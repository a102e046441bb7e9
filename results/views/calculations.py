"""From interim values to a result: the tester writes down what was weighed and read, the program computes."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims.auth.permissions import requires
from lims.catalog.reporting import parse_reporting_rule
from lims.db import db
from lims.errors import InvalidInputError, LimsError
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.uow import unit_of_work
from lims.web.current import current_actor
from results import queries
from results.forms import MAX_CODE
from results.models import TestSet
from results.queries import BenchLine
from results.rules.formulas import Formula, calculate, formulas_for, get_formula, written_by_rule, written_with
from results.services.entry import enter_results
from results.services.judging import MAX_RESULT_TEXT
from results.types import Calculation, Entry

bp = Blueprint("calculations", __name__, url_prefix="/bench")

FIGURES = "3"  # significant figures that are offered; most limits have two or three


@bp.route("/<code>/calculations/<uuid:line_id>")
@requires("results.test")
def choose(code: str, line_id: UUID) -> ResponseReturnValue:
    """The formulas a result can be computed by."""
    test_set, one = _line(code, line_id)
    fitting, others = formulas_for(one.item.name_zh)
    return render_template("results/bench/formulas.html", set=test_set, one=one, fitting=fitting, others=others)


@bp.route("/<code>/calculations/<uuid:line_id>/<name>", methods=["GET", "POST"])
@requires("results.test")
def compute(code: str, line_id: UUID, name: str) -> ResponseReturnValue:
    """Compute by one formula; what it gives is looked at, then entered."""
    test_set, one = _line(code, line_id)
    formula = get_formula(name)
    if request.method == "GET":
        return _page(test_set, one, formula, _stood(one, formula))
    typed = {interim.name: _typed(interim.name) for interim in formula.interims}
    typed |= {"figures": _typed("figures"), "reason": _typed("reason")}
    interims = {interim.name: typed[interim.name] for interim in formula.interims}
    try:
        text = _written(one, formula, calculate(formula.name, interims), typed["figures"])
        if request.form.get("act") != "enter":
            return _page(test_set, one, formula, typed, gives=text)
        entry = Entry(
            line_id,
            text,
            reason=typed["reason"] or None,
            calculation=Calculation(formula.name, interims),
        )
        with unit_of_work(current_actor()) as uow:
            enter_results(uow, test_set.blind_code, [entry])
    except LimsError as refusal:
        return _page(test_set, one, formula, typed, refusal=refusal), int(refusal.status)
    flash(_("%(text)s entered and judged.", text=text), "success")
    return redirect(url_for("bench.detail", code=test_set.blind_code), HTTPStatus.SEE_OTHER)


def _line(code: str, line_id: UUID) -> tuple[TestSet, BenchLine]:
    test_set = queries.find_set(db.session, queries.as_code(code), current_actor().require_organisation())
    return test_set, queries.get_line(db.session, test_set.id, line_id)


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()[:MAX_RESULT_TEXT]


def _written(one: BenchLine, formula: Formula, value: Decimal, figures: str) -> str:
    """As the method row says, unless the tester says how many figures."""
    rule = _rule(one)
    by_rule = (
        written_by_rule(formula, value, parse_reporting_rule(rule), one.line.unit) if rule and not figures else None
    )
    return by_rule or written_with(formula, value, _figures(figures or FIGURES), one.line.unit)


def _rule(one: BenchLine) -> str | None:
    method_id = one.line.method_id
    return queries.reporting_rules(db.session, {method_id}).get(method_id) if method_id else None


def _figures(text: str) -> int:
    if not text.isdecimal() or len(text) > MAX_CODE:
        raise InvalidInputError(_l("“%(text)s” is no number of figures.", text=text[:60]), field="figures")
    return int(text)


def _stood(one: BenchLine, formula: Formula) -> dict[str, str]:
    """The interim values of the result that stands, to be mended; the defaults where there is none."""
    stored = one.result.calculation if one.result else None
    kept = stored["interims"] if stored and stored["formula"] == formula.name else {}
    return {"figures": "" if _rule(one) else FIGURES} | kept


def _page(
    test_set: TestSet,
    one: BenchLine,
    formula: Formula,
    typed: Mapping[str, str],
    *,
    gives: str | None = None,
    refusal: LimsError | None = None,
) -> str:
    return render_template(
        "results/bench/calculate.html",
        set=test_set,
        one=one,
        formula=formula,
        rule=_rule(one),
        typed=typed,
        gives=gives,
        refusal=refusal,
    )
