"""Forms of controlled templates."""

from datetime import date
from typing import TypedDict

from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l


class TemplateFields(TypedDict):
    """What a template is made of, by the names of the service."""

    number: str
    version: str
    title: str
    standard: str
    valid_from: date


class RetirementFields(TypedDict):
    """What ends a template."""

    first_day: date
    reason: str


class TemplateForm(PageForm):
    """A template that is put into force."""

    number = StringField(_l("Controlled number"), [required(), Length(max=60)])
    version = StringField(_l("Version"), [required(), Length(max=20)])
    title = StringField(_l("Title"), [required(), Length(max=100)])
    standard = StringField(_l("Standard of its methods"), [Length(max=100)])
    valid_from = DateField(_l("Valid from"), [required()])

    def template(self) -> TemplateFields:
        """The same as the service takes it. Call it on a valid form only."""
        day = self.valid_from.data
        assert day is not None  # noqa: S101 - the form asks for it
        return {
            "number": self.number.data or "",
            "version": self.version.data or "",
            "title": self.title.data or "",
            "standard": self.standard.data or "",
            "valid_from": day,
        }


class RetireForm(PageForm):
    """The end of a template."""

    first_day = DateField(_l("First day without it"), [required()])
    reason = TextAreaField(_l("Reason"), [required(), Length(max=500)])

    def retirement(self) -> RetirementFields:
        """The same as the service takes it. Call it on a valid form only."""
        day = self.first_day.data
        assert day is not None  # noqa: S101 - the form asks for it
        return {"first_day": day, "reason": self.reason.data or ""}
