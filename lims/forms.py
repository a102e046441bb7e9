"""Forms of the ground floor, and the base every page form stands on."""

from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form, HiddenField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Length, StopValidation

from lims.decisions import DECLINED, MAX_NOTE
from lims.errors import LimsError
from lims.i18n import current_locale, gettext, load_translations
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_measured


class OwnCatalogues:
    """What WTForms asks for its own messages: ours (`forms.po`), in the language of the person."""

    @staticmethod
    def gettext(string: str) -> str:
        """The message; WTForms fills its placeholders in itself."""
        return load_translations(current_locale()).gettext(string)

    @staticmethod
    def ngettext(singular: str, plural: str, n: int) -> str:
        """As `gettext`, for a counted thing."""
        return load_translations(current_locale()).ngettext(singular, plural, n)


class PageForm(FlaskForm):
    """Base of all page forms: our error texts, CSRF from the session."""

    class Meta(FlaskForm.Meta):
        """WTForms' catalogues speak of fields and characters as programs do; ours stand in for them."""

        def get_translations(self, form: Any) -> OwnCatalogues:  # noqa: ARG002 - WTForms' own protocol
            """The words of every message that a field or a validator brings itself."""
            return OwnCatalogues()

    def validate(self, extra_validators: Any = None) -> bool:
        """As WTForms does, and no text with a NUL character, which PostgreSQL cannot keep."""
        is_valid = super().validate(extra_validators)
        for field in self:
            if isinstance(field.data, str) and "\0" in field.data:
                field.errors = [*field.errors, str(_l("Text cannot contain the NUL character."))]
                is_valid = False
        return bool(is_valid)

    def refuse(self, refusal: LimsError) -> int:
        """Show a service's refusal at the field it names, or above the form; returns the status of the page."""
        field: Field | None = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]
        return int(refusal.status)


class RowForm(Form):
    """Base of one row within a page form, which brings the CSRF token."""

    class Meta(DefaultMeta):
        """The same words as in the form around it."""

        def get_translations(self, form: Any) -> OwnCatalogues:  # noqa: ARG002 - WTForms' own protocol
            """As for the page form."""
            return OwnCatalogues()


class MeasuredText(StringField):
    """A measured value as it was written: its data is a Decimal whose trailing zeros are kept."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the value, or say what a number looks like."""
        self.written = str(valuelist[0]) if valuelist else ""
        self.data = None
        if self.written.strip():
            try:
                self.data = parse_measured(self.written)  # type: ignore[assignment]  # the stub knows text only
            except QuantityError as error:
                raise ValueError(gettext(error.message, **error.params)) from error

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 - WTForms' own protocol
        """A text that is no number stays refused, whatever else the field allows."""
        if self.process_errors:
            raise StopValidation

    def _value(self) -> str:
        value: object = self.data
        if value is None:
            return getattr(self, "written", "")
        return format(value, "f") if isinstance(value, Decimal) else str(value)


def required() -> InputRequired:
    """The field must be filled in."""
    return InputRequired(_l("Fill this in."))


class DecisionForm(PageForm):
    """What the second person decides on a request; a subclass may call its choices otherwise."""

    decision = RadioField(
        _l("Your decision"),
        [required()],
        choices=[SelectChoice("approved", _l("Approve")), SelectChoice(DECLINED, _l("Decline"))],
    )
    note = TextAreaField(_l("Remark"), [Length(max=MAX_NOTE)])

    @property
    def approves(self) -> bool:
        """Whether what was asked for is to happen."""
        return bool(self.decision.data != DECLINED)


class LoginForm(PageForm):
    """Name, password and, where the account has one, a code."""

    username = StringField(_l("User name"), [required(), Length(max=200)])
    password = PasswordField(_l("Password"), [required(), Length(max=1000)])
    code = StringField(_l("Code from your device"), [Length(max=12)])
    next = HiddenField()


class ConfirmForm(PageForm):
    """The password again, before a signature."""

    password = PasswordField(_l("Password"), [required(), Length(max=1000)])
    next = HiddenField()
