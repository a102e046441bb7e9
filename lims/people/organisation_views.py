"""Pages on which administrators register organisations, correct them, and note accreditations."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import requires
from lims.catalog.queries import get_region
from lims.db import db
from lims.errors import InvalidInputError, LimsError, NotFoundError
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.people import directory, services
from lims.people.administration import OrganisationFacts, change_organisation, checked_uscc, close_organisation
from lims.people.forms import (
    KIND_NAMES,
    AccreditationForm,
    ClosingForm,
    NewOrganisationForm,
    OrganisationForm,
    codes_in,
    organisation_choices,
)
from lims.people.queries import colleagues, get_organisation, list_organisations
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("organisations", __name__, url_prefix="/admin/organisations")

ADMINISTER = "lims.administer"
REFUSED = 422


def _fill(form: OrganisationForm, without: UUID | None = None) -> None:
    others = [one for one in list_organisations(db.session) if one.id != without]
    form.owner_id.choices = organisation_choices(others, bilingual, empty=True)
    form.superior_id.choices = organisation_choices(others, bilingual, empty=True)


def _checked(form: OrganisationForm) -> OrganisationFacts:
    facts = form.facts()
    if facts.region_code is not None and get_region(db.session, facts.region_code) is None:
        raise InvalidInputError(_l("There is no region %(region)s.", region=facts.region_code), field="region_code")
    return facts


@bp.route("/new", methods=["GET", "POST"])
@requires(ADMINISTER)
def create() -> ResponseReturnValue:
    """Register an organisation."""
    form = NewOrganisationForm()
    _fill(form)
    status = 200
    if form.validate_on_submit():
        try:
            facts = _checked(form)
            uscc, note = checked_uscc(facts.uscc, facts.uscc_note)
            with unit_of_work(current_actor()) as uow:
                organisation_id = services.register_organisation(
                    uow,
                    name_zh=facts.name_zh,
                    name_en=facts.name_en,
                    kind=OrganisationKind(form.kind.data),
                    uscc=uscc,
                    uscc_note=note,
                    region_code=facts.region_code,
                    address=facts.address,
                    phone=facts.phone,
                    email=facts.email,
                    superior_id=facts.superior_id,
                    owner_id=facts.owner_id,
                ).id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The organisation is registered."), "success")
            return redirect(url_for(".detail", organisation_id=organisation_id), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/admin/organisation_edit.html", form=form, organisation=None), status


@bp.route("/<uuid:organisation_id>")
@requires(ADMINISTER)
def detail(organisation_id: UUID) -> ResponseReturnValue:
    """One organisation: what is known of it, who works there, what it is accredited for."""
    return _page(organisation_id)


def _page(
    organisation_id: UUID,
    accredit: AccreditationForm | None = None,
    closing: ClosingForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    organisation = get_organisation(db.session, organisation_id)
    today = clock.local_date(clock.now())
    above = {
        name: get_organisation(db.session, other) if other else None
        for name, other in (("owner", organisation.owner_id), ("superior", organisation.superior_id))
    }
    page = render_template(
        "lims/admin/organisation.html",
        organisation=organisation,
        kind=str(KIND_NAMES[organisation.kind]),
        above=above,
        staff=colleagues(db.session, organisation_id, today),
        accreditations=directory.accreditations_of(db.session, organisation_id),
        accredit_form=accredit or AccreditationForm(formdata=None),
        closing_form=closing or ClosingForm(formdata=None),
        today=today,
    )
    return page, status


@bp.route("/<uuid:organisation_id>/edit", methods=["GET", "POST"])
@requires(ADMINISTER)
def edit(organisation_id: UUID) -> ResponseReturnValue:
    """Correct what is known of an organisation."""
    organisation = get_organisation(db.session, organisation_id)
    form = OrganisationForm(obj=organisation) if request.method == "GET" else OrganisationForm()
    _fill(form, without=organisation_id)
    if request.method == "GET":
        form.owner_id.data = str(organisation.owner_id or "")
        form.superior_id.data = str(organisation.superior_id or "")
    status = 200
    if form.validate_on_submit():
        try:
            facts = _checked(form)
            with unit_of_work(current_actor()) as uow:
                change_organisation(uow, organisation_id, facts)
        except NotFoundError:
            raise
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The organisation is corrected."), "success")
            return redirect(url_for(".detail", organisation_id=organisation_id), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/admin/organisation_edit.html", form=form, organisation=organisation), status


@bp.route("/<uuid:organisation_id>/accreditations", methods=["POST"])
@requires(ADMINISTER)
def accredit(organisation_id: UUID) -> ResponseReturnValue:
    """Note what a laboratory may test, and until when."""
    get_organisation(db.session, organisation_id)
    form = AccreditationForm()
    if not form.validate_on_submit():
        return _page(organisation_id, accredit=form, status=REFUSED)
    assert form.valid_from.data is not None  # noqa: S101 - required
    assert form.valid_to.data is not None  # noqa: S101 - required
    with unit_of_work(current_actor()) as uow:
        services.accredit(
            uow,
            organisation_id,
            scheme=str(form.scheme.data),
            certificate_no=str(form.certificate_no.data).strip(),
            scope=str(form.scope.data).strip(),
            item_codes=codes_in(form.item_codes.data),
            category_codes=codes_in(form.category_codes.data),
            valid_from=form.valid_from.data,
            valid_to=form.valid_to.data,
        )
    flash(_("The accreditation is recorded."), "success")
    return redirect(url_for(".detail", organisation_id=organisation_id), 303)


@bp.route("/<uuid:organisation_id>/close", methods=["POST"])
@requires(ADMINISTER)
def close(organisation_id: UUID) -> ResponseReturnValue:
    """Note that an organisation no longer acts."""
    form = ClosingForm()
    if not form.validate_on_submit():
        return _page(organisation_id, closing=form, status=REFUSED)
    assert form.on.data is not None  # noqa: S101 - required
    try:
        with unit_of_work(current_actor()) as uow:
            close_organisation(uow, organisation_id, form.on.data)
    except NotFoundError:
        raise
    except LimsError as refusal:
        return _page(organisation_id, closing=form, status=form.refuse(refusal))
    flash(_("The organisation is closed."), "success")
    return redirect(url_for("admin.organisations"), 303)
