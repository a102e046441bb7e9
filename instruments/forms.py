"""Forms of instruments."""

from collections.abc import Mapping

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, ValidationError
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from instruments.files.drafts import ProfileDraft, profile_name
from instruments.schemas import MAX_NAME, MAX_REASON
from instruments.services.runs import MAX_SLOTS
from lims.forms import MeasuredText, PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.tables import FileFormat

MAX_CODE = 60


def printable(_form: PageForm, field: Field) -> None:
    """PostgreSQL keeps no NUL character, and no other control character belongs into a text."""
    if field.data and any(not (letter.isprintable() or letter.isspace()) for letter in field.data):
        raise ValidationError(_("Text cannot contain control characters."))


class DecideForm(PageForm):
    """The sample a reading belongs to, or only the reason why it is not used."""

    blind_code = StringField(_l("Blind code"), [Length(max=MAX_CODE), printable])
    reason = StringField(_l("Reason"), [required(), Length(max=MAX_REASON), printable])


class ReasonForm(PageForm):
    """Only a reason."""

    reason = StringField(_l("Reason"), [required(), Length(max=MAX_REASON), printable])


class LeaveForm(PageForm):
    """Why rows of a file are left out; needless where none are."""

    reason = StringField(_l("Reason"), [Length(max=MAX_REASON), printable])


class EmptyForm(PageForm):
    """Nothing but the token of the page."""


class DescribeForm(PageForm):
    """What an instrument is."""

    model = StringField(_l("Make and model"), [Length(max=MAX_NAME), printable])
    serial_no = StringField(_l("Serial number"), [Length(max=MAX_NAME), printable])
    place = StringField(_l("Place"), [Length(max=MAX_NAME), printable])
    slot_count = IntegerField(_l("Slots of a run"), [InputRequired(_l("Fill this in.")), NumberRange(0, MAX_SLOTS)])


class CalibrationForm(PageForm):
    """A verification or calibration."""

    calibrated_on = DateField(_l("Calibrated on"), [required()])
    due_on = DateField(_l("Due again on"), [required()])
    certificate_no = StringField(_l("Certificate number"), [required(), Length(max=MAX_NAME), printable])


class CheckForm(PageForm):
    """An intermediate check: a known value, and what the instrument showed."""

    checked_on = DateField(_l("Checked on"), [required()])
    due_on = DateField(_l("Due again on"), [required()])
    standard = StringField(_l("What was measured"), [required(), Length(max=MAX_NAME), printable])
    target = MeasuredText(_l("Known value"), [required()])
    tolerance = MeasuredText(_l("Tolerance ±"), [required()])
    value = MeasuredText(_l("Value shown"), [required()])
    unit = StringField(_l("Unit"), [required(), Length(max=MAX_NAME), printable])


class ReagentForm(PageForm):
    """A lot that is in use from now on."""

    name = StringField(_l("Reagent"), [required(), Length(max=MAX_NAME), printable])
    lot_no = StringField(_l("Lot number"), [required(), Length(max=MAX_NAME), printable])
    expires_on = DateField(_l("Expires on"), [required()])


class UploadForm(PageForm):
    """A file of readings."""

    instrument = StringField(_l("Instrument"), [required(), Length(max=MAX_NAME), printable])
    profile = SelectField(_l("Profile"), validate_choice=False)
    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))])


class ProfileChoiceForm(PageForm):
    """Another profile for a file."""

    profile = SelectField(_l("Profile"), [required()], validate_choice=False)


class ProfileForm(PageForm):
    """How a file is cut into rows and columns; the roles of the columns stand beside, one for each."""

    title = StringField(_l("Name of the profile"), [required(), Length(max=MAX_NAME), printable])
    delimiter = SelectField(
        _l("Columns are separated by"),
        choices=[
            SelectChoice(",", _l("comma")),
            SelectChoice("\t", _l("tab")),
            SelectChoice(";", _l("semicolon")),
            SelectChoice("|", _l("vertical bar")),
        ],
    )
    encoding = SelectField(
        _l("Encoding"),
        choices=[
            SelectChoice("", _l("find out")),
            SelectChoice("utf-8", "UTF-8"),
            SelectChoice("gb18030", "GB 18030"),
            SelectChoice("utf-16", "UTF-16"),
        ],
    )
    sheet = StringField(_l("Sheet"), [Length(max=MAX_NAME), printable])
    header_row = IntegerField(_l("Row that names the columns"), [required(), NumberRange(1, 1000)])
    decimal_comma = BooleanField(_l("Numbers are written with a comma: 0,035"))
    item = StringField(_l("Item, where no column says it"), [Length(max=MAX_NAME), printable])
    unit = StringField(_l("Unit, where no column says it"), [Length(max=MAX_NAME), printable])
    measured_format = StringField(_l("Form of the time"), [MayBeEmpty(), Length(max=MAX_CODE), printable])
    control_values = StringField(_l("Cells that mark a blank or a control"), [Length(max=MAX_REASON), printable])

    def draft(self, file_format: FileFormat, facts: Mapping[str, object]) -> ProfileDraft:
        """What was said so far, with the roles of the columns."""
        title = (self.title.data or "").strip()
        return ProfileDraft(
            name=profile_name(title),
            title=title,
            format=file_format,
            delimiter=self.delimiter.data or ",",
            encoding=self.encoding.data or "",
            sheet=(self.sheet.data or "").strip(),
            decimal_comma=bool(self.decimal_comma.data),
            header_row=self.header_row.data or 1,
            item=self.item.data or "",
            unit=self.unit.data or "",
            measured_format=self.measured_format.data or "",
            control_values=tuple(
                text.strip() for text in (self.control_values.data or "").replace("，", ",").split(",") if text.strip()
            ),
            **facts,  # type: ignore[arg-type]
        )
