"""Forms of the 24-hour report."""

from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l


class DispatchForm(PageForm):
    """What the signatory adds before the report is composed."""

    copies_to = StringField(_l("Copies to"), [required(), Length(max=300)])
    explanation = TextAreaField(_l("What the finding means"), [Length(max=500)])
