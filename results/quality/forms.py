"""Forms of quality control."""

from collections.abc import Sequence

from wtforms import (
    DateField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, NumberRange, Optional

from lims.forms import MeasuredText, PageForm, required
from lims.i18n import lazy_gettext as _l
from results.quality.queries.batches import WaitingSet
from results.quality.queries.lots import UsableLot
from results.quality.types import LotKind, PlannedSlot, SlotKind
from results.quality.words import LOT_KINDS

SHORT, LONG = 100, 400
MOST_BLANKS = 10


class LotForm(PageForm):
    """A lot of a control material."""

    kind = RadioField(
        _l("Kind of material"),
        [required()],
        choices=[SelectChoice(kind.value, name) for kind, name in LOT_KINDS.items()],
        default=LotKind.CONTROL.value,
    )
    name = StringField(_l("Name"), [required(), Length(max=SHORT)])
    lot_no = StringField(_l("Lot number"), [required(), Length(max=SHORT)])
    certificate_no = StringField(_l("Certificate number"), [Length(max=SHORT)])
    expires_on = DateField(_l("May be used until"), [required()])


class ValueForm(PageForm):
    """What a lot should give for one item by one method."""

    item = StringField(_l("Test item"), [required(), Length(max=SHORT)])
    method = StringField(_l("Method"), [required(), Length(max=SHORT)])
    target = MeasuredText(_l("Target"), [required()])
    deviation = MeasuredText(_l("Standard deviation"))
    low = MeasuredText(_l("Lowest by the certificate"))
    high = MeasuredText(_l("Highest by the certificate"))
    unit = StringField(_l("Unit"), [required(), Length(max=20)])


class ReasonForm(PageForm):
    """Why."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=LONG)])


class BatchForm(PageForm):
    """Which samples of one method are measured together, and what controls them."""

    samples = SelectMultipleField(_l("Samples"))
    blanks = IntegerField(_l("Blanks"), [Optional(), NumberRange(min=0, max=MOST_BLANKS)], default=1)
    lots = SelectMultipleField(_l("Control materials"))
    duplicates = SelectMultipleField(_l("Duplicates of"))
    spikes = SelectMultipleField(_l("Spiked samples of"))
    added = StringField(_l("Amount added"), [Length(max=SHORT)])
    note = StringField(_l("Note"), [Length(max=LONG)])

    def offer(self, sets: Sequence[WaitingSet], lots: Sequence[UsableLot]) -> None:
        """Let the person choose among what waits and what may be used."""
        codes = [(one.test_set.blind_code, one.test_set.blind_code) for one in sets]
        for field in (self.samples, self.duplicates, self.spikes):
            field.choices = codes
        self.lots.choices = [(str(one.lot.id), f"{one.lot.name} · {one.lot.lot_no}") for one in lots]

    def planned(self, lots: Sequence[UsableLot]) -> list[PlannedSlot]:
        """The positions in their order: blanks, controls, then each sample with its duplicate and its spike.

        Call it on a valid form only.
        """
        chosen = set(self.lots.data or ())
        slots = [PlannedSlot(SlotKind.BLANK) for _ in range(self.blanks.data or 0)]
        slots += [
            PlannedSlot(SlotKind(one.lot.kind.value), lot_id=one.lot.id) for one in lots if str(one.lot.id) in chosen
        ]
        for code in self.samples.data or ():
            slots.append(PlannedSlot(SlotKind.SAMPLE, blind_code=code))
            if code in (self.duplicates.data or ()):
                slots.append(PlannedSlot(SlotKind.DUPLICATE, blind_code=code))
            if code in (self.spikes.data or ()):
                slots.append(PlannedSlot(SlotKind.SPIKE, blind_code=code, added_text=self.added.data or ""))
        return slots
