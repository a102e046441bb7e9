"""Forms of the public pick."""

from wtforms import BooleanField, DateTimeLocalField, HiddenField, SelectMultipleField, StringField
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l

MAX_TITLE = 80
LOCAL_INSTANT = "%Y-%m-%dT%H:%M"


class BallotForm(PageForm):
    """Up to five foods, and what the device adds by itself."""

    choices = SelectMultipleField(_l("What should we test?"), validate_choice=False)
    no_opinion = BooleanField(_l("No opinion"))
    business_name = StringField(_l("Name of a shop"), [Length(max=100)])
    place = StringField(_l("Where it is"), [Length(max=100)])
    challenge = HiddenField(validators=[Length(max=500)])
    proof = HiddenField(validators=[Length(max=300)])
    nonce = HiddenField(validators=[Length(max=64)])
    order = HiddenField(validators=[Length(max=32)])


class ReceiptForm(PageForm):
    """A receipt number as it was written down."""

    class Meta(PageForm.Meta):
        """A look-up changes nothing."""

        csrf = False

    number = StringField(_l("Receipt number"), [required(), Length(max=60)])


class RoundForm(PageForm):
    """What a round offers, and when."""

    title_zh = StringField(_l("Title in Chinese"), [required(), Length(max=MAX_TITLE)])
    title_en = StringField(_l("Title in English"), [required(), Length(max=MAX_TITLE)])
    opens_at = DateTimeLocalField(_l("Opens"), [required()], format=LOCAL_INSTANT)
    closes_at = DateTimeLocalField(_l("Closes"), [required()], format=LOCAL_INSTANT)
    foods = SelectMultipleField(_l("Foods"), [required()])
    places = SelectMultipleField(_l("Kinds of place"), [required()])


class PaperForm(PageForm):
    """A paper ballot, entered by its serial number."""

    serial = StringField(_l("Serial number of the paper"), [required(), Length(max=40)])
    choices = SelectMultipleField(_l("Foods ticked"), validate_choice=False)
