"""Forms of the environment log."""

from datetime import datetime
from decimal import Decimal

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, DateTimeLocalField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from lims.clock import LOCAL_ZONE
from lims.forms import MeasuredText, PageForm, required
from lims.i18n import lazy_gettext as _l
from results.environment.types import Allowed, RoomReading, Span


class RoomForm(PageForm):
    """A room."""

    name = StringField(_l("Room"), [required(), Length(max=60)])


class LimitsForm(PageForm):
    """What a room may be; a side without an end stays empty."""

    valid_from = DateField(_l("Valid from"), [required()])
    lowest_celsius = MeasuredText(_l("Coldest, °C"), [Optional()])
    highest_celsius = MeasuredText(_l("Warmest, °C"), [Optional()])
    lowest_humidity = MeasuredText(_l("Driest, in percent"), [Optional()])
    highest_humidity = MeasuredText(_l("Wettest, in percent"), [Optional()])

    def allowed(self) -> Allowed:
        """The same as the rules read it. Call it on a valid form only."""
        return Allowed(
            Span(_figure(self.lowest_celsius), _figure(self.highest_celsius)),
            Span(_figure(self.lowest_humidity), _figure(self.highest_humidity)),
        )


class ReadingForm(PageForm):
    """What somebody read off."""

    read_at = DateTimeLocalField(_l("Read at"), [required()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
    celsius = MeasuredText(_l("Temperature, °C"), [required()])
    humidity = MeasuredText(_l("Humidity in percent"), [Optional()])

    def reading(self) -> RoomReading:
        """The same as the rules read it. Call it on a valid form only."""
        at, celsius = self.read_at.data, _figure(self.celsius)
        assert isinstance(at, datetime) and celsius is not None  # noqa: S101, PT018 - the form asks for both
        return RoomReading(at.replace(tzinfo=LOCAL_ZONE), celsius, _figure(self.humidity))


class LoggerForm(PageForm):
    """The file of a data logger."""

    file = FileField(_l("File of the data logger"), [FileRequired(_l("Choose a file."))])


class DecisionForm(PageForm):
    """What a reading outside of the limits means."""

    decision = TextAreaField(_l("What it means, and what was done"), [required(), Length(max=500)])


def _figure(field: MeasuredText) -> Decimal | None:
    value: object = field.data
    return value if isinstance(value, Decimal) else None
