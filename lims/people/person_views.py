"""Pages on which administrators register people, employ them, and look after their accounts."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import Role, requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.people import accounts, directory, services
from lims.people.administration import move_person
from lims.people.authorisation_views import STATE_NAMES, words_of
from lims.people.authorisations import KIND_NAMES, notices_of
from lims.people.authorising import authorise_where_employed
from lims.people.forms import (
    DOCUMENTS,
    AccountForm,
    AuthorisationForm,
    EmploymentForm,
    NewPersonForm,
    RolesForm,
    codes_in,
    names_in,
    organisation_choices,
    uploaded,
)
from lims.people.queries import get_person, list_organisations, roles_of
from lims.people.types import AuthorisationKind
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("people", __name__, url_prefix="/admin/people")

ADMINISTER = "lims.administer"
REFUSED = 422


@bp.route("/new", methods=["GET", "POST"])
@requires(ADMINISTER)
def create() -> ResponseReturnValue:
    """Register a natural person; somebody whose document is known is found, not doubled."""
    form = NewPersonForm()
    status = 200
    if form.validate_on_submit():
        try:
            with unit_of_work(current_actor()) as uow:
                person_id = services.register_person(
                    uow,
                    name=str(form.name.data).strip(),
                    name_latin=(form.name_latin.data or "").strip() or None,
                    documents=[form.document],
                    phone=(form.phone.data or "").strip() or None,
                    email=(form.email.data or "").strip() or None,
                ).id
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            return redirect(url_for(".detail", person_id=person_id), 303)
    elif form.is_submitted():
        status = REFUSED
    return render_template("lims/admin/person_new.html", form=form), status


@bp.route("/<uuid:person_id>")
@requires(ADMINISTER)
def detail(person_id: UUID) -> ResponseReturnValue:
    """One person: documents known, employments with roles, authorisations, accounts."""
    return _page(person_id)


def _page(person_id: UUID, refused: PageForm | None = None, status: int = 200) -> ResponseReturnValue:
    """The page of a person; `refused` is the form that came back, the others are fresh."""
    today = clock.local_date(clock.now())
    employ = refused if isinstance(refused, EmploymentForm) else EmploymentForm(formdata=None)
    _fill_organisations(employ)
    if refused is not employ:
        employ.valid_from.data = today
    authorise = refused if isinstance(refused, AuthorisationForm) else AuthorisationForm(formdata=None)
    if refused is not authorise:
        authorise.valid_from.data = today
    employments = directory.employments_of(db.session, person_id)
    page = render_template(
        "lims/admin/person.html",
        person=get_person(db.session, person_id),
        today=today,
        documents=[str(DOCUMENTS.get(kind, kind)) for kind in directory.document_kinds(db.session, person_id)],
        employments=employments,
        authorisations=directory.authorisations_of(db.session, person_id),
        kind_names=KIND_NAMES,
        state_names=STATE_NAMES,
        notices=_notices(employments, person_id, today),
        accounts=directory.accounts_of(db.session, person_id),
        employ_form=employ,
        authorise_form=authorise,
        account_form=refused if isinstance(refused, AccountForm) else AccountForm(formdata=None),
    )
    return page, status


def _notices(employments: list[directory.EmploymentRow], person_id: UUID, today: date) -> list[str]:
    for one in employments:
        if one.employment.valid_from <= today <= (one.employment.valid_to or today):
            people = {person_id: (one.organisation.id, one.roles)}
            return [words_of(notice) for notice in notices_of(db.session, people, today).get(person_id, [])]
    return []


def _fill_organisations(form: EmploymentForm) -> None:
    form.organisation_id.choices = organisation_choices(list_organisations(db.session), bilingual, empty=False)


@bp.route("/<uuid:person_id>/employments", methods=["POST"])
@requires(ADMINISTER)
def employ(person_id: UUID) -> ResponseReturnValue:
    """Let a person work somewhere from a day on; where they work until then ends the day before."""
    get_person(db.session, person_id)
    form = EmploymentForm()
    _fill_organisations(form)
    if not form.validate_on_submit():
        return _page(person_id, form, REFUSED)
    assert form.valid_from.data is not None  # noqa: S101 - required
    try:
        with unit_of_work(current_actor()) as uow:
            move_person(
                uow,
                person_id,
                UUID(form.organisation_id.data),
                [Role(role) for role in form.roles.data or []],
                on=form.valid_from.data,
                officer_no=(form.officer_no.data or "").strip() or None,
            )
    except LimsError as refusal:
        return _page(person_id, form, form.refuse(refusal))
    flash(_("The employment is recorded."), "success")
    return redirect(url_for(".detail", person_id=person_id), 303)


@bp.route("/<uuid:person_id>/employments/<uuid:employment_id>", methods=["GET", "POST"])
@requires(ADMINISTER)
def employment(person_id: UUID, employment_id: UUID) -> ResponseReturnValue:
    """The roles of one employment: what is ticked is granted, what is not is ended."""
    row = _employment(person_id, employment_id)
    held = roles_of(db.session, employment_id)
    form = RolesForm(data={"roles": sorted(held)}) if request.method == "GET" else RolesForm()
    status = 200
    if form.validate_on_submit():
        wanted = {str(role) for role in form.roles.data or []}
        try:
            with unit_of_work(current_actor()) as uow:
                services.set_roles(uow, employment_id, {Role(role) for role in wanted})
        except LimsError as refusal:
            status = form.refuse(refusal)
        else:
            flash(_("The roles hold from the next page on."), "success")
            return redirect(url_for(".detail", person_id=person_id), 303)
    elif form.is_submitted():
        status = REFUSED
    page = render_template(
        "lims/admin/employment.html",
        form=form,
        person=get_person(db.session, person_id),
        employment=row.employment,
        organisation=row.organisation,
    )
    return page, status


def _employment(person_id: UUID, employment_id: UUID) -> directory.EmploymentRow:
    rows = directory.employments_of(db.session, person_id)
    row = next((one for one in rows if one.employment.id == employment_id), None)
    if row is None:
        raise NotFoundError
    return row


@bp.route("/<uuid:person_id>/employments/<uuid:employment_id>/end", methods=["POST"])
@requires(ADMINISTER)
def end(person_id: UUID, employment_id: UUID) -> ResponseReturnValue:
    """End an employment yesterday: the person works here no more; duties stay with them."""
    row = _employment(person_id, employment_id)
    last_day = max(clock.local_date(clock.now()) - timedelta(days=1), row.employment.valid_from)
    with unit_of_work(current_actor()) as uow:
        services.end_employment(uow, employment_id, last_day)
    flash(_("The employment ended on %(day)s.", day=last_day), "success")
    return redirect(url_for(".detail", person_id=person_id), 303)


@bp.route("/<uuid:person_id>/authorisations", methods=["POST"])
@requires(ADMINISTER)
def authorise(person_id: UUID) -> ResponseReturnValue:
    """Note what a person is authorised for in the organisation they work for on the first day."""
    get_person(db.session, person_id)
    form = AuthorisationForm()
    if not form.validate_on_submit():
        return _page(person_id, form, REFUSED)
    assert form.valid_from.data is not None  # noqa: S101 - required
    assert form.valid_to.data is not None  # noqa: S101 - required
    try:
        with unit_of_work(current_actor()) as uow:
            authorise_where_employed(
                uow,
                person_id,
                AuthorisationKind(form.kind.data),
                valid_from=form.valid_from.data,
                valid_to=form.valid_to.data,
                category_codes=codes_in(form.category_codes.data),
                method_codes=names_in(form.method_codes.data),
                certificate=uploaded(form.certificate),
            )
    except LimsError as refusal:
        return _page(person_id, form, form.refuse(refusal))
    flash(_("The authorisation is recorded."), "success")
    return redirect(url_for(".detail", person_id=person_id), 303)


@bp.route("/<uuid:person_id>/accounts", methods=["POST"])
@requires(ADMINISTER)
def open_account(person_id: UUID) -> ResponseReturnValue:
    """Give a person a way to log in."""
    get_person(db.session, person_id)
    form = AccountForm()
    if not form.validate_on_submit():
        return _page(person_id, form, REFUSED)
    try:
        with unit_of_work(current_actor()) as uow:
            services.open_account(uow, person_id, str(form.username.data), str(form.password.data))
    except LimsError as refusal:
        return _page(person_id, form, form.refuse(refusal))
    flash(_("%(name)s can log in.", name=form.username.data), "success")
    return redirect(url_for(".detail", person_id=person_id), 303)


@bp.route("/accounts/<uuid:account_id>/<any(disable,enable,'reset-password','remove-device'):act>", methods=["POST"])
@requires(ADMINISTER)
def account(account_id: UUID, act: str) -> ResponseReturnValue:
    """Disable or enable an account, give it a new password, or take a lost device away."""
    try:
        with unit_of_work(current_actor()) as uow:
            person_id = accounts.get_account(uow, account_id).person_id
            said = _act(uow, account_id, act)
    except NotFoundError:
        raise
    except LimsError as refusal:
        flash(str(refusal), "error")
        return redirect(url_for("admin.people"), 303)
    flash(said, "success")
    return redirect(url_for(".detail", person_id=person_id), 303)


def _act(uow: Any, account_id: UUID, act: str) -> str:
    match act:
        case "disable":
            services.disable_account(uow, account_id)
            return _("The account is disabled.")
        case "enable":
            accounts.enable_account(uow, account_id)
            return _("The account is enabled.")
        case "reset-password":
            made = accounts.reset_password(uow, account_id)
            return _("The new password is %(password)s. It is shown only now; its owner changes it.", password=made)
        case _:
            accounts.remove_second_factor(uow, account_id)
            return _("The account asks for no code any more.")
