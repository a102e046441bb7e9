"""Forms of results."""

from datetime import datetime

from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import Length

from lims.auth.login import FRESH
from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l
from results.services.judging import MAX_RESULT_TEXT

MAX_CODE = 60
MAX_REASON = 500
HEX_LENGTH = 64


class RetestForm(PageForm):
    """The second measurement of an item that failed."""

    text = StringField(_l("Retest result"), [required(), Length(max=MAX_RESULT_TEXT)])


class CorrectionForm(PageForm):
    """A result that shall replace one, and why."""

    text = StringField(_l("Corrected result"), [required(), Length(max=MAX_RESULT_TEXT)])
    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_REASON)])


class ImportForm(PageForm):
    """A file of results."""

    file = FileField(_l("CSV or XLSX file"), [FileRequired(_l("Choose a file."))])


class SignForm(PageForm):
    """The password, where it was not given in the last five minutes."""

    password = PasswordField(_l("Password"), [Length(max=1000)])
    sent_from = HiddenField()


def is_fresh(confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether the password was given so recently that a signature does not ask for it."""
    return confirmed_at is not None and now - confirmed_at <= FRESH
