"""Forms of the ground floor, and the base every page form stands on."""

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from lims.i18n import lazy_gettext as _l


class PageForm(FlaskForm):
    """Base of all page forms: our error texts, CSRF from the session."""

    class Meta(FlaskForm.Meta):
        """Chinese and English come from our own catalogues, so WTForms' are switched off."""

        locales: list[str] = []  # noqa: RUF012 - WTForms' own protocol


def required() -> InputRequired:
    """The field must be filled in."""
    return InputRequired(_l("Fill this in."))


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
