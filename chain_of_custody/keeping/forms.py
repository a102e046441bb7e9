"""Forms of keeping."""

from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from chain_of_custody.forms import MAX_NUMBER, MAX_SCANNED, MAX_SENTENCE, printable
from chain_of_custody.keeping.types import DisposalWay
from lims.forms import MeasuredText, PageForm, required
from lims.i18n import lazy_gettext as _l

WAYS = {
    DisposalWay.HARMLESS: _l("Harmless treatment by a licensed company"),
    DisposalWay.INCINERATED: _l("Incinerated"),
    DisposalWay.LANDFILLED: _l("Landfilled"),
    DisposalWay.DESTROYED: _l("Made unusable and thrown away"),
    DisposalWay.RETURNED: _l("Returned to who sent it"),
}


class ProposalForm(PageForm):
    """Which portions shall be disposed of, how and why."""

    portion_nos = SelectMultipleField(_l("Portions"), validate_choice=False)
    others = TextAreaField(_l("Other portions"), [Length(max=MAX_SCANNED), printable])
    way = RadioField(
        _l("Way of disposal"),
        [required()],
        choices=[SelectChoice(way.value, name) for way, name in WAYS.items()],
        default=DisposalWay.HARMLESS.value,
    )
    reason = StringField(_l("Reason"), [required(), Length(max=MAX_SENTENCE), printable])

    def numbers(self) -> list[str]:
        """Every portion that was ticked or scanned."""
        return [*(self.portion_nos.data or []), *(self.others.data or "").split()]


class ConfirmDisposalForm(PageForm):
    """What the second person saw."""

    weight_kg = MeasuredText(_l("Weight with packing"), [required()])
    witness = StringField(_l("Who else saw it"), [required(), Length(max=MAX_NUMBER), printable])


class ScanStockForm(PageForm):
    """What was read off the labels."""

    codes = TextAreaField(_l("Scanned numbers"), [required(), Length(max=MAX_SCANNED), printable])
