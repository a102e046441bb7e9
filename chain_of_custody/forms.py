"""Forms of custody."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from flask_wtf.file import FileField
from wtforms import (
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, NumberRange, Optional

from chain_of_custody.labels.sheets import Stock
from chain_of_custody.printing import SIZES, LabelOrder
from chain_of_custody.types import (
    Blindness,
    HandOverWay,
    LabelFormat,
    Packing,
    PlaceLevel,
    PortionKind,
    UnblindingOutcome,
)
from lims.clock import LOCAL_ZONE
from lims.errors import LimsError
from lims.forms import DecisionForm, PageForm, required
from lims.i18n import LazyString
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.quantities import QuantityError, parse_measured

MAX_NUMBER = 60  # longer than any seal, label or consignment number
MAX_SENTENCE = 500
MAX_SCANNED = 20_000  # 200 numbers, each as long as a number may be
MISSING, INTACT, BROKEN = "missing", "intact", "broken"


def printable(_form: PageForm, field: Field) -> None:
    """PostgreSQL keeps no NUL character, and no other control character belongs into a text."""
    if field.data and any(not (letter.isprintable() or letter.isspace()) for letter in field.data):
        raise ValidationError(_("Text cannot contain control characters."))


def celsius(_form: PageForm, field: Field) -> None:
    """A temperature as it stands on the thermometer."""
    if not field.data:
        return
    try:
        value = parse_measured(field.data)
    except QuantityError as error:
        raise ValidationError(_(error.message, **error.params)) from error
    if not Decimal(-200) < value < Decimal(200):
        raise ValidationError(_("%(value)s °C is no temperature of food; expected a number such as 4.5.", value=value))


def show_refusal(form: PageForm, refusal: LimsError) -> None:
    """Put a refusal beside the field it belongs to, or on top of the form."""
    field = next((one for one in form if one.short_name == refusal.field), None)
    if field is None:
        form.form_errors.append(str(refusal))
    else:
        field.errors = [*field.errors, str(refusal)]


SHEET = "sheet"


class LabelForm(PageForm):
    """How labels are wanted, and why again."""

    size = RadioField(
        _l("Size"),
        [required()],
        choices=[SelectChoice(size, size.replace("x", " × ")) for size in SIZES],
        default="60x40",
    )
    written_in = RadioField(
        _l("Printed for"),
        [required()],
        choices=[
            SelectChoice(LabelFormat.PDF, _l("PDF, label by label")),
            SelectChoice(SHEET, _l("PDF, A4 sheet")),
            SelectChoice(LabelFormat.ZPL, "ZPL"),
            SelectChoice(LabelFormat.TSPL, "TSPL"),
        ],
        default=LabelFormat.PDF,
    )
    skip = IntegerField(_l("Places used up"), [Optional(), NumberRange(0, 200)])
    reason = StringField(_l("Why they are printed again"), [Length(max=MAX_SENTENCE), printable])

    def order(self) -> LabelOrder:
        """What was asked for. Call it on a valid form only."""
        is_sheet = self.written_in.data == SHEET
        return LabelOrder(
            LabelFormat.PDF if is_sheet else LabelFormat(self.written_in.data),
            SIZES[self.size.data],
            Stock.SHEET if is_sheet else Stock.ROLL,
            self.skip.data or 0,
        )


class SealForm(PageForm):
    """The number on the seal of each portion."""

    test_seal_no = StringField(_l("Seal of the test portion"), [required(), Length(max=MAX_NUMBER), printable])
    backup_seal_no = StringField(_l("Seal of the backup portion"), [required(), Length(max=MAX_NUMBER), printable])

    test_label_no = StringField(_l("Pre-printed label of the test portion"), [Length(max=MAX_NUMBER), printable])
    backup_label_no = StringField(_l("Pre-printed label of the backup portion"), [Length(max=MAX_NUMBER), printable])

    def without_backup(self) -> None:
        """Ask for nothing of a portion that is not kept."""
        del self.backup_seal_no
        del self.backup_label_no

    def labels(self) -> dict[PortionKind, str]:
        """Kind of portion → the pre-printed label on it."""
        given = {PortionKind.TEST: self.test_label_no.data or ""}
        if "backup_label_no" in self:
            given[PortionKind.BACKUP] = self.backup_label_no.data or ""
        return {kind: number for kind, number in given.items() if number}

    def seals(self) -> dict[PortionKind, str]:
        """Kind of portion → seal number; a form without a backup has no field for it."""
        given = {PortionKind.TEST: self.test_seal_no.data or ""}
        if "backup_seal_no" in self:
            given[PortionKind.BACKUP] = self.backup_seal_no.data or ""
        return given


class LabelBlockForm(PageForm):
    """How many labels are printed in advance."""

    count = IntegerField(_l("Number of labels"), [required()], default=50)


class SpoiledLabelForm(PageForm):
    """A label that will be on no portion, and why."""

    label_no = StringField(_l("Number of the label"), [required(), Length(max=MAX_NUMBER), printable])
    reason = StringField(_l("How it was spoiled"), [required(), Length(max=MAX_SENTENCE), printable])


class OfferForm(PageForm):
    """Which of the portions for one laboratory leave, and how."""

    portion_nos = SelectMultipleField(_l("Portions"), validate_choice=False)
    way = RadioField(
        _l("How they travel"),
        [required()],
        choices=[
            SelectChoice(HandOverWay.IN_PERSON.value, _l("I hand them over myself")),
            SelectChoice(HandOverWay.COURIER.value, _l("A carrier takes them")),
        ],
        default=HandOverWay.IN_PERSON.value,
    )
    consignment_no = StringField(_l("Consignment number"), [Length(max=MAX_NUMBER), printable])
    box_no = StringField(_l("Box number"), [Length(max=MAX_NUMBER), printable])
    ice_packs = IntegerField(_l("Ice packs"), [Optional(), NumberRange(0, 200)])
    ice_placed_at = DateTimeLocalField(_l("Ice packs placed at"), [Optional()], format=["%Y-%m-%dT%H:%M"])
    box_photo = FileField(_l("Photo of the closed box"))

    def packing(self, photo_sha256: bytes | None) -> Packing:
        """What was written of the box. Call it on a valid form only."""
        placed_at = self.ice_placed_at.data
        return Packing(
            self.box_no.data or None,
            self.ice_packs.data,
            None if placed_at is None else placed_at.replace(tzinfo=LOCAL_ZONE),
            photo_sha256,
        )


class ConfirmForm(PageForm):
    """What the receiver found; one field for each line of the list is added by `confirm_form`."""

    extra = TextAreaField(_l("Scanned, but not on the list"), [Length(max=MAX_SCANNED), printable])
    celsius = StringField(_l("Temperature of the cold food"), [Length(max=MAX_NUMBER), printable, celsius])


def line_field(portion_no: str) -> str:
    """The name of the field of one portion."""
    return f"line_{portion_no}"


def confirm_form(portion_nos: Iterable[str], *, is_cold: bool) -> ConfirmForm:
    """The form of one list: a field for each portion, and the temperature when cold food is in it."""
    fields = {
        line_field(number): RadioField(
            number,
            choices=[
                SelectChoice(MISSING, _l("Not here")),
                SelectChoice(INTACT, _l("Intact")),
                SelectChoice(BROKEN, _l("Broken")),
            ],
            default=MISSING,
        )
        for number in portion_nos
    }
    form: ConfirmForm = type("ConfirmListForm", (ConfirmForm,), fields)()
    if not is_cold:
        del form.celsius
    return form


class ResolveForm(PageForm):
    """How something that did not match was cleared up."""

    resolution = StringField(_l("How it was cleared up"), [required(), Length(max=MAX_SENTENCE), printable])


GOOD, BAD = "good", "bad"


def _check(label: LazyString, good: LazyString, bad: LazyString) -> RadioField:
    return RadioField(label, [required()], choices=[SelectChoice(GOOD, good), SelectChoice(BAD, bad)])


class ReceptionForm(PageForm):
    """The six checks of 样品移交确认单, and a reason where the sample is refused.

    **Source:** domain.md §2.4; 实施细则（2026年版）Art. 25.
    """

    seal_intact = _check(_l("Seal"), _l("Intact"), _l("Damaged"))
    packaging_intact = _check(_l("Packing"), _l("Intact"), _l("Damaged"))
    quantity_sufficient = _check(_l("Quantity"), _l("Sufficient"), _l("Not sufficient"))
    condition_normal = _check(_l("State of the sample"), _l("Normal"), _l("Abnormal"))
    papers_complete = _check(_l("Papers"), _l("Complete"), _l("Not complete"))
    papers_match = _check(_l("Papers and sample"), _l("Match"), _l("Do not match"))
    decision = RadioField(
        _l("Decision"),
        [required()],
        choices=[SelectChoice("accept", _l("Accept the sample")), SelectChoice("refuse", _l("Refuse the sample"))],
    )
    refusal_reason = TextAreaField(_l("Reason of the refusal"), [Length(max=MAX_SENTENCE), printable])


class GiveUpForm(PageForm):
    """Why an accepted sample cannot be tested."""

    reason = TextAreaField(_l("Why it cannot be tested"), [required(), Length(max=MAX_SENTENCE), printable])


class BlindCodeForm(PageForm):
    """How blind the parcel itself is."""

    blindness = RadioField(
        _l("The parcel"),
        [required()],
        choices=[
            SelectChoice(Blindness.REPACKED.value, _l("Repacked")),
            SelectChoice(Blindness.COVERED.value, _l("Covered")),
            SelectChoice(Blindness.OPEN.value, _l("Not covered")),
        ],
    )


class RelabelForm(BlindCodeForm):
    """Why a portion gets another blind code, and how blind its parcel is now."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_SENTENCE), printable])


class UnblindingForm(PageForm):
    """The blind code whose sample must be known at once, and the emergency."""

    code = StringField(_l("Blind code"), [required(), Length(max=MAX_NUMBER), printable])
    reason = TextAreaField(_l("What has happened"), [required(), Length(max=MAX_SENTENCE), printable])


class UnblindingDecisionForm(DecisionForm):
    """What the second office decides."""

    decision = RadioField(
        _l("Your decision"),
        [required()],
        choices=[
            SelectChoice(UnblindingOutcome.OPENED.value, _l("Unblind the sample")),
            SelectChoice(UnblindingOutcome.DECLINED.value, _l("Leave it blind")),
        ],
    )


class MoveForm(PageForm):
    """A portion and the place it was put into, both scanned."""

    portion_no = StringField(_l("Portion"), [required(), Length(max=MAX_NUMBER), printable])
    place_code = StringField(_l("Place"), [required(), Length(max=MAX_NUMBER), printable])


LEVELS = {
    PlaceLevel.SITE: _l("Site"),
    PlaceLevel.ROOM: _l("Room"),
    PlaceLevel.FRIDGE: _l("Fridge or freezer"),
    PlaceLevel.SHELF: _l("Shelf"),
    PlaceLevel.BOX: _l("Box"),
    PlaceLevel.PLACE: _l("Single place"),
}


class PlaceForm(PageForm):
    """A new place in the storage tree."""

    code = StringField(_l("Code on its label"), [required(), Length(max=MAX_NUMBER), printable])
    name = StringField(_l("Name"), [required(), Length(max=MAX_NUMBER), printable])
    level = SelectField(
        _l("Type of place"), choices=[SelectChoice(level.value, name) for level, name in LEVELS.items()]
    )
    parent_id = SelectField(_l("Lies in"), [Optional()], validate_choice=False)

    def offer_parents(self, parents: Sequence[tuple[str, str]]) -> None:
        """Let the person choose among these places, or none."""
        self.parent_id.choices = [
            SelectChoice("", _("nowhere: it is a site")),
            *(SelectChoice(*one) for one in parents),
        ]
