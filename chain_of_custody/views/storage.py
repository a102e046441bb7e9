"""The storage tree, and moves that are scans."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from chain_of_custody import queries, services
from chain_of_custody.forms import LEVELS, MoveForm, PlaceForm, show_refusal
from chain_of_custody.models import StoragePlace
from chain_of_custody.queries import PlaceNode
from chain_of_custody.types import PlaceLevel
from lims.auth.permissions import requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.i18n import gettext as _
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("storage", __name__, url_prefix="/custody/places")


def flatten(nodes: list[PlaceNode], depth: int = 0) -> list[tuple[int, PlaceNode]]:
    """The tree as rows, each with how deep it lies."""
    return [row for node in nodes for row in ((depth, node), *flatten(node.inside, depth + 1))]


def _page(
    *, place_form: PlaceForm | None = None, move_form: MoveForm | None = None, status: int = 200
) -> ResponseReturnValue:
    rows = flatten(queries.list_places(db.session, current_actor().require_organisation()))
    page = render_template(
        "chain_of_custody/places.html",
        rows=rows,
        levels=LEVELS,
        place_form=place_form or _place_form(rows),
        move_form=move_form or MoveForm(formdata=None),
    )
    return page, status


def _place_form(rows: list[tuple[int, PlaceNode]]) -> PlaceForm:
    form = PlaceForm()
    form.offer_parents(
        [(str(node.place.id), f"{'　' * depth}{node.place.code} {node.place.name}") for depth, node in rows]
    )
    return form


@bp.route("/", methods=["GET", "POST"])
@requires("custody.receive")
def index() -> ResponseReturnValue:
    """The tree; a new place is added here."""
    actor = current_actor()
    form = _place_form(flatten(queries.list_places(db.session, actor.require_organisation())))
    if not form.is_submitted():
        return _page(place_form=form)
    if not form.validate():
        return _page(place_form=form, status=422)
    try:
        parent_id = UUID(form.parent_id.data) if form.parent_id.data else None
    except ValueError:
        parent_id = UUID(int=0)  # nothing has this id: the service says that there is no such place
    try:
        with unit_of_work(actor) as uow:
            services.add_place(uow, form.code.data or "", form.name.data or "", PlaceLevel(form.level.data), parent_id)
    except LimsError as refusal:
        show_refusal(form, refusal)
        return _page(place_form=form, status=int(refusal.status))
    flash(_("Place added."), "success")
    return redirect(url_for(".index"), 303)


@bp.route("/move", methods=["POST"])
@requires("custody.receive")
def move() -> ResponseReturnValue:
    """Note that a portion was put into a place."""
    form = MoveForm()
    if not form.validate_on_submit():
        return _page(move_form=form, status=422)
    try:
        with unit_of_work(current_actor()) as uow:
            portion_id = services.move_portion(uow, form.portion_no.data or "", form.place_code.data or "").portion_id
    except NotFoundError:
        form.portion_no.errors = [_("%(number)s is not held here.", number=form.portion_no.data)]
        return _page(move_form=form, status=404)
    except LimsError as refusal:
        show_refusal(form, refusal)
        return _page(move_form=form, status=int(refusal.status))
    flash(_("Moved."), "success")
    return redirect(url_for("custody.portion", portion_id=portion_id), 303)


def _way_to(place: StoragePlace, nodes: dict[UUID, PlaceNode]) -> list[StoragePlace]:
    """The places around a place, the site first."""
    way: list[StoragePlace] = []
    parent_id = place.parent_id
    while parent_id is not None:
        way.insert(0, nodes[parent_id].place)
        parent_id = way[0].parent_id
    return way


@bp.route("/<uuid:place_id>")
@requires("custody.receive")
def place(place_id: UUID) -> ResponseReturnValue:
    """What stands in a place."""
    organisation_id = current_actor().require_organisation()
    found = queries.get_place(db.session, organisation_id, place_id)
    nodes = {node.place.id: node for _depth, node in flatten(queries.list_places(db.session, organisation_id))}
    return render_template(
        "chain_of_custody/place.html",
        place=found,
        levels=LEVELS,
        inside=flatten(nodes[place_id].inside),
        way=_way_to(found, nodes),
        stored=queries.list_stored(db.session, place_id),
        move_form=MoveForm(formdata=None, place_code=found.code),
    )
