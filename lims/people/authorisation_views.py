"""One authorisation: how long it holds, its certificate, its extension and its revocation."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lims import clock
from lims.auth.permissions import LOGGED_IN, requires
from lims.db import db
from lims.errors import LimsError, NotFoundError
from lims.forms import PageForm
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import KIND_NAMES, notices_for
from lims.people.authorising import extend_authorisation, read_certificate, revoke_authorisation
from lims.people.directory import AuthorisationRow, get_authorisation
from lims.people.forms import ExtensionForm, RevocationForm, uploaded
from lims.people.types import AuthorisationNotice, AuthorisationState
from lims.uow import unit_of_work
from lims.web.current import current_actor

bp = Blueprint("authorisations", __name__)

ADMINISTER = "lims.administer"
REFUSED = 422
STATE_NAMES = {
    AuthorisationState.IN_FORCE: (_l("in force"), "good"),
    AuthorisationState.TO_COME: (_l("Begins later"), "info"),
    AuthorisationState.ENDED: (_l("Ended"), "bad"),
    AuthorisationState.EXTENDED: (_l("Extended"), "void"),
    AuthorisationState.REVOKED: (_l("Revoked"), "bad"),
}
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@bp.route("/admin/people/<uuid:person_id>/authorisations/<uuid:authorisation_id>")
@requires(ADMINISTER)
def detail(person_id: UUID, authorisation_id: UUID) -> ResponseReturnValue:
    """One authorisation with what can be done about it."""
    return _page(_row(person_id, authorisation_id))


def _row(person_id: UUID, authorisation_id: UUID) -> AuthorisationRow:
    row = get_authorisation(db.session, authorisation_id)
    if row.authorisation.person_id != person_id:
        raise NotFoundError
    return row


def _page(row: AuthorisationRow, refused: PageForm | None = None, status: int = 200) -> ResponseReturnValue:
    state = row.state(clock.local_date(clock.now()))
    page = render_template(
        "lims/admin/authorisation.html",
        row=row,
        kind_name=KIND_NAMES[row.authorisation.kind],
        state_name=STATE_NAMES[state],
        can_change=state not in {AuthorisationState.REVOKED, AuthorisationState.EXTENDED},
        extension_form=refused if isinstance(refused, ExtensionForm) else ExtensionForm(formdata=None),
        revocation_form=refused if isinstance(refused, RevocationForm) else RevocationForm(formdata=None),
    )
    return page, status


@bp.route("/admin/people/<uuid:person_id>/authorisations/<uuid:authorisation_id>/extend", methods=["POST"])
@requires(ADMINISTER)
def extend(person_id: UUID, authorisation_id: UUID) -> ResponseReturnValue:
    """Let it last longer."""
    row = _row(person_id, authorisation_id)
    form = ExtensionForm()
    if not form.validate_on_submit():
        return _page(row, form, REFUSED)
    assert form.valid_to.data is not None  # noqa: S101 - required
    try:
        with unit_of_work(current_actor()) as uow:
            extend_authorisation(
                uow,
                authorisation_id,
                form.valid_to.data,
                str(form.reason.data),
                certificate=uploaded(form.certificate),
            )
    except LimsError as refusal:
        return _page(row, form, form.refuse(refusal))
    flash(_("The authorisation lasts until %(day)s.", day=form.valid_to.data), "success")
    return redirect(url_for("people.detail", person_id=person_id), 303)


@bp.route("/admin/people/<uuid:person_id>/authorisations/<uuid:authorisation_id>/revoke", methods=["POST"])
@requires(ADMINISTER)
def revoke(person_id: UUID, authorisation_id: UUID) -> ResponseReturnValue:
    """Take it away at once."""
    row = _row(person_id, authorisation_id)
    form = RevocationForm()
    if not form.validate_on_submit():
        return _page(row, form, REFUSED)
    try:
        with unit_of_work(current_actor()) as uow:
            revoke_authorisation(uow, authorisation_id, str(form.reason.data))
    except LimsError as refusal:
        return _page(row, form, form.refuse(refusal))
    flash(_("The authorisation is revoked; it holds no more."), "success")
    return redirect(url_for("people.detail", person_id=person_id), 303)


@bp.route("/authorisations/<uuid:authorisation_id>/certificate")
@requires(LOGGED_IN)
def certificate(authorisation_id: UUID) -> ResponseReturnValue:
    """The certificate, for the person themselves, administrators and auditors."""
    content, media_type = read_certificate(db.session, current_actor(), authorisation_id)
    answer = Response(content, content_type=media_type)
    name = f"certificate-{authorisation_id}.{EXTENSIONS.get(media_type, 'bin')}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def own_notices() -> list[str]:
    """What the person who looks has to be told about their authorisations, in words; for templates."""
    today = clock.local_date(clock.now())
    return [words_of(notice) for notice in notices_for(db.session, current_actor(), today)]


def words_of(notice: AuthorisationNotice) -> str:
    """A notice as a sentence."""
    what = str(KIND_NAMES[notice.kind])
    if notice.ends_on is not None:
        return _("The authorisation for %(what)s ends on %(day)s.", what=what, day=notice.ends_on.isoformat())
    if notice.ended_on is not None:
        return _("The authorisation for %(what)s ended on %(day)s.", what=what, day=notice.ended_on.isoformat())
    return _("No authorisation for %(what)s is recorded.", what=what)
