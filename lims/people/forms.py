"""What is filled in about people, organisations and accounts."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, PasswordField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional, ValidationError

from lims.actors import OrganisationKind
from lims.auth.permissions import ROLE_NAMES
from lims.forms import PageForm, required
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.people.administration import OrganisationFacts
from lims.people.authorisations import KIND_NAMES as KINDS
from lims.people.models import Organisation
from lims.people.types import IdentityDocument

SHORT, LONG = Length(max=200), Length(max=1000)
KIND_NAMES: dict[OrganisationKind, LazyString] = {
    OrganisationKind.REGULATOR: _l("Regulator"),
    OrganisationKind.STATION: _l("Station"),
    OrganisationKind.SAMPLING_ORG: _l("Sampling organisation"),
    OrganisationKind.LAB: _l("Laboratory"),
    OrganisationKind.MARKET: _l("Market organiser"),
    OrganisationKind.PLATFORM: _l("Platform"),
}
DOCUMENTS = {
    "resident_id": _l("Resident identity card"),
    "passport": _l("Passport"),
    "officer_id": _l("Officer's card"),
}
ROLES = [SelectChoice(role.value, name) for role, name in ROLE_NAMES.items()]


def organisation_choices(organisations: Iterable[Organisation], name: Any, *, empty: bool) -> list[SelectChoice]:
    """Organisations to choose from; with `empty` none may be chosen."""
    chosen = [SelectChoice(str(one.id), name(one)) for one in organisations]
    return [SelectChoice("", "/"), *chosen] if empty else chosen


def codes_in(text: str | None) -> list[str]:
    """Codes that a person separated by commas or spaces."""
    return [part for part in (text or "").replace("，", ",").replace(",", " ").split() if part]


def names_in(text: str | None) -> list[str]:
    """Names that a person separated by commas or semicolons; a name may hold spaces."""
    return [part.strip() for part in re.split("[,，;；、]", text or "") if part.strip()]


def uploaded(field: FileField) -> bytes | None:
    """The content of a file that was sent, if one was."""
    upload = field.data
    return upload.read() if upload and upload.filename else None


class PeopleSearch(PageForm):
    """Part of a name or user name."""

    class Meta(PageForm.Meta):
        """A search changes nothing, so its address can be passed on."""

        csrf = False

    q = StringField(_l("Search"), [Length(max=100)])


class OrganisationForm(PageForm):
    """An organisation as it is corrected."""

    name_zh = StringField(_l("Name in Chinese"), [required(), SHORT])
    name_en = StringField(_l("Name in English"), [required(), SHORT])
    uscc = StringField(_l("Credit code"), [Length(max=40)])
    uscc_note = StringField(_l("Why this code is right although it looks wrong"), [LONG])
    owner_id = SelectField(_l("Owned by"), [Optional()])
    superior_id = SelectField(_l("Superior"), [Optional()])
    region_code = StringField(_l("Region code"), [Length(max=6)])
    address = StringField(_l("Address"), [LONG])
    phone = StringField(_l("Telephone"), [Length(max=60)])
    email = StringField(_l("Mail"), [SHORT])

    def facts(self) -> OrganisationFacts:
        """The form as values; what is empty is not known."""
        return OrganisationFacts(
            name_zh=str(self.name_zh.data).strip(),
            name_en=str(self.name_en.data).strip(),
            uscc=(self.uscc.data or "").strip() or None,
            uscc_note=(self.uscc_note.data or "").strip() or None,
            region_code=(self.region_code.data or "").strip() or None,
            address=(self.address.data or "").strip() or None,
            phone=(self.phone.data or "").strip() or None,
            email=(self.email.data or "").strip() or None,
            superior_id=UUID(self.superior_id.data) if self.superior_id.data else None,
            owner_id=UUID(self.owner_id.data) if self.owner_id.data else None,
        )


class NewOrganisationForm(OrganisationForm):
    """An organisation to be registered; its kind stands for ever."""

    kind = SelectField(_l("Kind"), choices=[SelectChoice(kind.value, name) for kind, name in KIND_NAMES.items()])


class ClosingForm(PageForm):
    """The last day of something."""

    on = DateField(_l("Last day"), [required()])


class AccreditationForm(PageForm):
    """What a laboratory may test, and until when."""

    scheme = SelectField(_l("Scheme"), choices=[SelectChoice("CMA", "CMA"), SelectChoice("CNAS", "CNAS")])
    certificate_no = StringField(_l("Certificate number"), [required(), SHORT])
    scope = StringField(_l("Scope in words"), [required(), LONG])
    item_codes = StringField(_l("Test item codes"), [LONG])
    category_codes = StringField(_l("Category codes"), [LONG])
    valid_from = DateField(_l("Valid from"), [required()])
    valid_to = DateField(_l("Valid until"), [required()])

    def validate_valid_to(self, field: DateField) -> None:
        """The end does not come before the beginning."""
        check_order(self.valid_from.data, field)


def check_order(begins: date | None, field: DateField) -> None:
    """Insist that a last day is not before the first one."""
    if begins is not None and field.data is not None and field.data < begins:
        raise ValidationError(_l("%(end)s is before %(begin)s.", end=field.data, begin=begins))


class NewPersonForm(PageForm):
    """A natural person and where they begin to work."""

    name = StringField(_l("Name"), [required(), SHORT])
    name_latin = StringField(_l("Name in Latin letters"), [SHORT])
    document_kind = SelectField(
        _l("Identity document"), choices=[SelectChoice(kind, name) for kind, name in DOCUMENTS.items()]
    )
    document_number = StringField(_l("Its number"), [required(), Length(min=4, max=60)])
    phone = StringField(_l("Telephone"), [Length(max=60)])
    email = StringField(_l("Mail"), [SHORT])

    @property
    def document(self) -> IdentityDocument:
        """The document, of which only a keyed digest is kept."""
        return IdentityDocument(str(self.document_kind.data), str(self.document_number.data))


class EmploymentForm(PageForm):
    """Where a person works from a day on, and as what."""

    organisation_id = SelectField(_l("Organisation"), [required()])
    roles = SelectMultipleField(_l("Roles"), choices=ROLES)
    valid_from = DateField(_l("First day"), [required()])
    officer_no = StringField(_l("Officer number"), [Length(max=60)])


class RolesForm(PageForm):
    """The roles of one employment, all of them."""

    roles = SelectMultipleField(_l("Roles"), choices=ROLES)


class AuthorisationForm(PageForm):
    """What a person is trained and authorised for, and until when."""

    kind = SelectField(_l("For"), choices=[SelectChoice(kind.value, name) for kind, name in KINDS.items()])
    category_codes = StringField(_l("Category codes"), [LONG])
    method_codes = StringField(_l("Methods"), [LONG])
    valid_from = DateField(_l("Valid from"), [required()])
    valid_to = DateField(_l("Valid until"), [required()])
    certificate = FileField(_l("Certificate as a PDF or scan"))

    def validate_valid_to(self, field: DateField) -> None:
        """The end does not come before the beginning."""
        check_order(self.valid_from.data, field)


class ExtensionForm(PageForm):
    """An authorisation lasts longer."""

    valid_to = DateField(_l("Valid until"), [required()])
    reason = StringField(_l("Reason"), [required(), LONG])
    certificate = FileField(_l("Certificate as a PDF or scan"))


class RevocationForm(PageForm):
    """An authorisation is taken away."""

    reason = StringField(_l("Reason"), [required(), LONG])


class AccountForm(PageForm):
    """A way to log in."""

    username = StringField(_l("User name"), [required(), Length(max=60)])
    password = PasswordField(_l("First password"), [required(), Length(max=1000)])


class PasswordForm(PageForm):
    """One's own password, old and new."""

    old = PasswordField(_l("Password until now"), [required(), Length(max=1000)])
    new = PasswordField(_l("New password"), [required(), Length(max=1000)])
    again = PasswordField(_l("New password again"), [required(), Length(max=1000)])

    def validate_again(self, field: PasswordField) -> None:
        """Both are the same."""
        if field.data != self.new.data:
            raise ValidationError(_l("The two are not the same."))


class DeviceForm(PageForm):
    """A device that shows codes: its secret comes back with a code it made."""

    secret = HiddenField()
    code = StringField(_l("Code from your device"), [required(), Length(max=12)])
    password = PasswordField(_l("Password"), [required(), Length(max=1000)])


class RemoveDeviceForm(PageForm):
    """The password again, before codes are no longer asked for."""

    password = PasswordField(_l("Password"), [required(), Length(max=1000)])


class TokenForm(PageForm):
    """A token for a program."""

    label = StringField(_l("What it is for"), [required(), SHORT])
    days = RadioField(
        _l("Valid for"),
        choices=[
            SelectChoice("30", _l("30 days")),
            SelectChoice("90", _l("90 days")),
            SelectChoice("365", _l("a year")),
        ],
        default="90",
    )
    password = PasswordField(_l("Password"), [required(), Length(max=1000)])
