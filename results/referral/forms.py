"""Forms of cases and notices."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import (
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional
from wtforms.widgets import DateInput

from lims.forms import PageForm, required
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.referral.rules.handling import FACTS, NO, YES, Fact, FactKind
from results.referral.services.cases import MAX_NOTE
from results.referral.types import HandlingPart, ServiceWay

WAY_NAMES: dict[ServiceWay, LazyString] = {
    ServiceWay.DIRECT: _l("Handed over in person"),
    ServiceWay.LEFT: _l("Left at the place"),
    ServiceWay.ELECTRONIC: _l("Electronically, with consent"),
    ServiceWay.POST: _l("By post"),
    ServiceWay.ENTRUSTED: _l("By another authority"),
    ServiceWay.ANNOUNCED: _l("By public announcement"),
}
WAYS = [SelectChoice(way.value, WAY_NAMES[way]) for way in ServiceWay]
OBJECTS = [
    SelectChoice("", _l("Not returned yet")),
    SelectChoice(NO, _l("No objection")),
    SelectChoice(YES, _l("Will object or apply for a recheck")),
]
YES_OR_NO = [SelectChoice(YES, _l("Yes")), SelectChoice(NO, _l("No"))]


class DateTextField(StringField):
    """A day that is kept as it was typed, so that a wrong one is shown again."""

    widget = DateInput()


class DispatchForm(PageForm):
    """To which station a branch goes."""

    station_id = RadioField(_l("Station"), [required()])
    note = TextAreaField(_l("Note for the station"), [Length(max=MAX_NOTE)])


class ReasonForm(PageForm):
    """Why a step is taken."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_NOTE)])


class TransferForm(PageForm):
    """To whom a branch of another region was handed on."""

    to_regulator = StringField(_l("Regulator that was written to"), [required(), Length(max=MAX_NOTE)])
    letter_no = StringField(_l("Number of the letter"), [required(), Length(max=MAX_NOTE)])


class ServeForm(PageForm):
    """How one notice reached its addressee."""

    way = RadioField(_l("Way of service"), [required()], choices=WAYS)
    served_on = DateField(_l("Served on"), [required()])
    receiver = StringField(_l("Received by"), [required(), Length(max=100)])
    proof_text = StringField(_l("Number of the receipt, parcel or announcement"), [Length(max=MAX_NOTE)])
    file = FileField(_l("Receipt as a photo or scan"))
    objects = RadioField(_l("What the returned receipt says"), [Optional()], choices=OBJECTS, default="")


class ServePassesForm(PageForm):
    """Notices of samples that passed, sent out together."""

    notices = SelectMultipleField(_l("Notices"), validate_choice=False)
    way = SelectField(_l("Way of service"), choices=WAYS)
    proof_text = StringField(_l("Proof of service"), [required(), Length(max=MAX_NOTE)])


class AttachmentForm(PageForm):
    """A file for one part."""

    file = FileField(_l("Photo, scan or PDF"), [required()])
    caption = StringField(_l("What it shows"), [required(), Length(max=MAX_NOTE)])


class PartForm(PageForm):
    """Base of the seven parts; the questions come from `rules.handling`."""

    change_reason = StringField(_l("Why it is corrected"), [Length(max=MAX_NOTE)])

    def answers(self, part: HandlingPart) -> dict[str, str]:
        """What was typed, as text by name."""
        return {fact.name: _text(self[fact.name].data) for fact in FACTS[part]}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return value or ""


class AskedAtTheEnd:
    """Marks what has to be answered before a part is handed in; a draft may leave it open."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        """The service decides, because only it knows whether the part is handed in."""


def _field(fact: Fact) -> Field:
    label: Any = fact.label
    marks = [AskedAtTheEnd()] if fact.required else []
    offered = [SelectChoice(value, name) for value, name in (fact.choices or {}).items()]
    match fact.kind:
        case FactKind.DATE:
            return DateTextField(label, marks)
        case FactKind.LONG_TEXT:
            return TextAreaField(label, marks)
        case FactKind.YES_NO:
            return RadioField(label, marks, choices=YES_OR_NO, validate_choice=False)
        case FactKind.CHOICE:
            return RadioField(label, marks, choices=offered, validate_choice=False)
        case FactKind.CHOICES:
            return SelectMultipleField(label, marks, choices=offered, validate_choice=False)
        case _:
            return StringField(label, marks)


PART_FORMS: dict[HandlingPart, type[PartForm]] = {
    part: type(f"{part.value.title()}Form", (PartForm,), {fact.name: _field(fact) for fact in facts})
    for part, facts in FACTS.items()
}


def part_form(part: HandlingPart, saved: Mapping[str, str] | None) -> PartForm:
    """The form of a part, filled with what was saved last."""
    multiple = {fact.name for fact in FACTS[part] if fact.kind is FactKind.CHOICES}
    shown = {name: text.split(",") if name in multiple else text for name, text in (saved or {}).items()}
    return PART_FORMS[part](data=shown)


def station_choices(stations: Iterable[tuple[UUID, str]]) -> list[SelectChoice]:
    """Stations as a choice list."""
    return [SelectChoice(str(station_id), name) for station_id, name in stations]
