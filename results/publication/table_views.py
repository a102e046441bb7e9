"""The page on which staff hold a publication table against what is published here."""

from http import HTTPStatus

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from lims.auth.permissions import requires
from lims.db import db
from lims.errors import InvalidInputError
from lims.forms import PageForm
from lims.i18n import lazy_gettext as _l
from results.publication.comparing import compare_table, read_publication_file
from results.publication.tables import FIRST_YEAR, LAST_YEAR, Comparison, Form, PublicationTable

bp = Blueprint("publication_tables", __name__, url_prefix="/published-tables")

MOST_SHOWN = 200  # differences on the page; the command gives them all
FORM_NAMES = {
    Form.PASS: _l("Table of passes"),
    Form.FAIL: _l("Table of failures, item║result║limit in one cell"),
    Form.FAIL_ITEMS: _l("Table of failures, item names only"),
    Form.SAMR: _l("Table of failures, an item a row"),
}


class CompareForm(PageForm):
    """A table, and the year whose notices it is held against."""

    file = FileField(_l("CSV or XLSX file"), [FileRequired(_l("Choose a file."))])
    year = IntegerField(_l("Notices of the year"), [Optional(), NumberRange(FIRST_YEAR, LAST_YEAR)])


@bp.route("/", methods=["GET", "POST"])
@requires("results.compare_tables")
def index() -> ResponseReturnValue:
    """What a table and the publication tell differently: missing, extra, and column by column."""
    form = CompareForm()
    status = int(HTTPStatus.OK)
    table: PublicationTable | None = None
    found: Comparison | None = None
    if form.validate_on_submit():
        try:
            table = read_publication_file(form.file.data.read())
            found = compare_table(db.session, table, year=form.year.data)
        except InvalidInputError as refusal:
            status = form.refuse(refusal)
    elif form.is_submitted():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    page = render_template(
        "results/publication/compare.html",
        form=form,
        table=table,
        found=found,
        form_name=FORM_NAMES[table.form] if table else "",
        most=MOST_SHOWN,
    )
    return page, status
