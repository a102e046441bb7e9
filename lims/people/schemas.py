"""Authorisations as JSON."""

import base64
import binascii
from typing import Any

import marshmallow as ma

from lims.i18n import lazy_gettext as _l
from lims.people.types import AuthorisationKind, AuthorisationState
from lims.web.schemas import StrictSchema, Text

MAX_CERTIFICATE = 12_000_000  # base64 characters: a scan of a few pages is 1-5 MB
MAX_CODES = 200  # there are 34 major categories, and a tester masters fewer methods than this


class CertificateField(ma.fields.String):
    """A PDF or a picture as base64."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        try:
            if isinstance(value, str) and len(value) <= MAX_CERTIFICATE:
                return base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError):
            pass
        raise ma.ValidationError(str(_l("Send the certificate as base64 text, at most 9 MB.")))


def _codes() -> Any:
    return ma.fields.List(
        Text(max_length=100, min_length=1), load_default=list, validate=ma.validate.Length(max=MAX_CODES)
    )


class AuthorisationIn(StrictSchema):
    """What a person is authorised for, by whom they work for on the first day."""

    kind = ma.fields.Enum(AuthorisationKind, by_value=True, required=True)
    category_codes = _codes()
    method_codes = _codes()
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(required=True)
    certificate = CertificateField(load_default=None, allow_none=True)


class ExtensionIn(StrictSchema):
    """An authorisation lasts longer."""

    valid_to = ma.fields.Date(required=True)
    reason = Text(required=True, min_length=1)
    certificate = CertificateField(load_default=None, allow_none=True)


class RevocationIn(StrictSchema):
    """An authorisation is taken away."""

    reason = Text(required=True, min_length=1)


class AuthorisationOut(ma.Schema):
    """One authorisation and where it stands today."""

    id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    organisation_id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(AuthorisationKind, by_value=True, required=True)
    state = ma.fields.Enum(AuthorisationState, by_value=True, required=True)
    category_codes = ma.fields.List(ma.fields.String(), required=True)
    method_codes = ma.fields.List(ma.fields.String(), required=True)
    valid_from = ma.fields.Date(required=True)
    valid_to = ma.fields.Date(required=True)
    extends_id = ma.fields.UUID(required=True, allow_none=True)
    reason = ma.fields.String(required=True, allow_none=True)
    granted_at = ma.fields.AwareDateTime(required=True)
    revoked_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    revocation_reason = ma.fields.String(required=True, allow_none=True)
    certificate_sha256 = ma.fields.String(required=True, allow_none=True)


class AuthorisationsOut(ma.Schema):
    """All authorisations of a person, what ends last first."""

    items = ma.fields.List(ma.fields.Nested(AuthorisationOut), required=True)
