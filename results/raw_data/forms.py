"""What is filled in to attach raw data."""

from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import Length

from lims.forms import PageForm
from lims.i18n import lazy_gettext as _l
from results.raw_data.services import MAX_NOTE


class RawDataForm(PageForm):
    """A file, and what it shows."""

    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])
    note = StringField(_l("What it shows"), [Length(max=MAX_NOTE)])
