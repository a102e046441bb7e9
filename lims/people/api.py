"""What people are authorised for, as JSON."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response

from lims import clock
from lims.auth.permissions import LOGGED_IN, requires
from lims.db import db
from lims.people.authorising import (
    authorise_where_employed,
    extend_authorisation,
    read_certificate,
    revoke_authorisation,
)
from lims.people.directory import AuthorisationRow, authorisations_of, get_authorisation
from lims.people.queries import get_person
from lims.people.schemas import AuthorisationIn, AuthorisationOut, AuthorisationsOut, ExtensionIn, RevocationIn
from lims.uow import UnitOfWork, unit_of_work
from lims.web.api import READS, WRITES, ApiBlueprint, answer
from lims.web.current import current_actor

blp = ApiBlueprint("people_api", __name__, url_prefix="/api/v1", description="What people are authorised for")


@blp.route("/people/<uuid:person_id>/authorisations", methods=["GET"])
@requires("lims.operate")
@blp.response(200, AuthorisationsOut)
@blp.refuses(*READS)
def list_authorisations(person_id: UUID) -> Any:
    """What a person is and was authorised for, what ends last first."""
    get_person(db.session, person_id)
    return {"items": [_facts(row) for row in authorisations_of(db.session, person_id)]}


@blp.route("/people/<uuid:person_id>/authorisations", methods=["POST"])
@requires("lims.administer")
@blp.arguments(AuthorisationIn)
@blp.response(201, AuthorisationOut)
@blp.refuses(*WRITES)
def post_authorisation(body: Mapping[str, Any], person_id: UUID) -> Any:
    """Authorise a person where they work on the first day."""
    with unit_of_work(current_actor()) as uow:
        get_person(uow.session, person_id)
        made = authorise_where_employed(uow, person_id, **body)
        return _said(uow, made.id)


@blp.route("/authorisations/<uuid:authorisation_id>/extensions", methods=["POST"])
@requires("lims.administer")
@blp.arguments(ExtensionIn)
@blp.response(201, AuthorisationOut)
@blp.refuses(*WRITES)
def post_extension(body: Mapping[str, Any], authorisation_id: UUID) -> Any:
    """Let an authorisation last longer; the answer is the new one that stands in its place."""
    with unit_of_work(current_actor()) as uow:
        made = extend_authorisation(
            uow, authorisation_id, body["valid_to"], body["reason"], certificate=body["certificate"]
        )
        return _said(uow, made.id)


@blp.route("/authorisations/<uuid:authorisation_id>/revocation", methods=["POST"])
@requires("lims.administer")
@blp.arguments(RevocationIn)
@blp.response(201, AuthorisationOut)
@blp.refuses(*WRITES)
def post_revocation(body: Mapping[str, Any], authorisation_id: UUID) -> Any:
    """Take an authorisation away at once."""
    with unit_of_work(current_actor()) as uow:
        revoke_authorisation(uow, authorisation_id, body["reason"])
        return _said(uow, authorisation_id)


@blp.route("/authorisations/<uuid:authorisation_id>/certificate", methods=["GET"])
@requires(LOGGED_IN)
@blp.response(200, content_type="application/octet-stream")
@blp.refuses(*READS)
def get_certificate(authorisation_id: UUID) -> Any:
    """The certificate, for the person themselves, administrators and auditors."""
    content, media_type = read_certificate(db.session, current_actor(), authorisation_id)
    return Response(content, content_type=media_type)


def _said(uow: UnitOfWork, authorisation_id: UUID) -> Any:
    uow.session.flush()
    return answer(uow, AuthorisationOut().dump(_facts(get_authorisation(uow.session, authorisation_id))))


def _facts(row: AuthorisationRow) -> Mapping[str, Any]:
    one, gone = row.authorisation, row.revocation
    columns = ("id", "person_id", "organisation_id", "kind", "category_codes", "method_codes", "valid_from", "valid_to")
    return {name: getattr(one, name) for name in (*columns, "extends_id", "reason", "granted_at")} | {
        "state": row.state(clock.local_date(clock.now())),
        "revoked_at": gone.revoked_at if gone else None,
        "revocation_reason": gone.reason if gone else None,
        "certificate_sha256": one.certificate_sha256.hex() if one.certificate_sha256 else None,
    }
