"""The auditor's page: who tried to stand on both sides of a sample, and what stood in the way."""

import csv
import io
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional

from lims.auth.permissions import ROLE_NAMES, Role, requires
from lims.db import db
from lims.errors import InvalidInputError
from lims.forms import PageForm
from lims.i18n import LazyString, bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.web.current import current_actor
from lims.web.paging import page_of, read_cursor
from lims.web.templating import format_instant
from sampling.refusals import MOST_IN_A_FILE, PAGE, RefusalFilter, RefusalRow, list_refusals
from sampling.types import DutyRole

bp = Blueprint("refusals", __name__, url_prefix="/ops/refusals")

ROLES: dict[DutyRole, LazyString] = {
    DutyRole.SAMPLER: ROLE_NAMES[Role.SAMPLER],
    DutyRole.ACCOMPANYING_OFFICER: ROLE_NAMES[Role.ACCOMPANYING_OFFICER],
    DutyRole.RECODER: _l("Gives blind codes"),
    DutyRole.UNBLINDER: _l("Unblinds"),
    DutyRole.TESTER: ROLE_NAMES[Role.TESTER],
    DutyRole.REVIEWER: ROLE_NAMES[Role.REVIEWER],
    DutyRole.SIGNATORY: ROLE_NAMES[Role.SIGNATORY],
    DutyRole.RECHECK_TESTER: _l("Recheck tester"),
}
SCOPES: dict[str, LazyString] = {
    "sample": _l("Same sample, other side"),
    "plan": _l("Same plan, other job"),
    "organisation": _l("Same company group"),
    "mode": _l("Not the regulator's own people"),
    "bench": _l("Second role at the bench"),
}


class FilterForm(PageForm):
    """What the auditor looks for; every field may stay empty."""

    class Meta(PageForm.Meta):
        """A search changes nothing, so its address can be passed on."""

        csrf = False

    q = StringField(_l("Person or sampling number"), [Length(max=100)])
    role = SelectField(
        _l("Wanted to act as"),
        [Optional()],
        choices=[SelectChoice("", _l("All")), *(SelectChoice(role.value, name) for role, name in ROLES.items())],
    )
    scope = SelectField(
        _l("Refused because of"),
        [Optional()],
        choices=[SelectChoice("", _l("All")), *(SelectChoice(scope, name) for scope, name in SCOPES.items())],
    )
    since = DateField(_l("First day"), [Optional()])
    until = DateField(_l("Last day"), [Optional()])

    def asked(self) -> RefusalFilter:
        """The filter that the fields mean."""
        return RefusalFilter(
            words=(self.q.data or "").strip().replace("\0", "") or None,
            role=DutyRole(self.role.data) if self.role.data else None,
            scope=self.scope.data or None,
            since=self.since.data,
            until=self.until.data,
        )


@bp.route("")
@requires("sampling.audit")
def index() -> ResponseReturnValue:
    """Refused attempts, the newest first, by person, role, reason and day."""
    form = FilterForm(request.args)
    rows: list[RefusalRow] = []
    status = 200
    if form.validate():
        after = read_cursor(request.args.get("after"), field="after")
        rows = list(list_refusals(db.session, current_actor(), form.asked(), after=after, limit=PAGE + 1))
    else:
        status = 422
    shown, following = page_of(rows, PAGE, lambda row: (row.at, row.id))
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in form and value}
    page = render_template(
        "sampling/audit/refusals.html",
        form=form,
        rows=shown,
        roles=ROLES,
        scopes=SCOPES,
        next_url=url_for(".index", **kept, after=following) if following else None,
        file_url=url_for(".download", **kept),
    )
    return page, status


@bp.route("/refusals.csv")
@requires("sampling.audit")
def download() -> ResponseReturnValue:
    """The same list as a file that spreadsheets open."""
    form = FilterForm(request.args)
    if not form.validate():
        name, messages = next(iter(form.errors.items()))
        raise InvalidInputError(str(messages[0]), field=str(name))
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(
        [
            *(_("When"), _("Person"), _("Organisation"), _("Wanted to act as"), _("Refused because of"), _("Plan")),
            *(_("Sampling number"), _("Earlier act"), _("Earlier act at")),
        ]
    )
    for row in list_refusals(db.session, current_actor(), form.asked(), limit=MOST_IN_A_FILE):
        lines.writerow([_plain_text(value) for value in _cells(row)])
    # The mark in front lets a Chinese spreadsheet read UTF-8.
    answer = Response("\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="refusals.csv"'
    return answer


def _cells(row: RefusalRow) -> tuple[str, ...]:
    return (
        format_instant(row.at),
        row.person_name,
        bilingual(row.organisation) if row.organisation else "",
        str(ROLES[row.role]),
        str(SCOPES[row.scope]),
        bilingual(row.plan, "title"),
        row.sampling_no or "",
        str(ROLES[row.earlier_role]) if row.earlier_role else "",
        format_instant(row.earlier_at),
    )


def _plain_text(value: str) -> str:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
