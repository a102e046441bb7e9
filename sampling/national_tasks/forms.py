"""Forms of the national system's tasks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_wtf.file import FileField
from wtforms import FieldList, FormField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from lims.actors import OrganisationKind
from lims.decisions import MAX_NOTE
from lims.forms import PageForm, RowForm, required
from lims.i18n import bilingual
from lims.i18n import lazy_gettext as _l
from lims.people.models import Organisation
from sampling.given_sheets.forms import SheetForm
from sampling.national_tasks.rules import MOST_BATCHES, MOST_PARTS
from sampling.national_tasks.types import PartInput
from sampling.types import STAGE_OF, PlaceKind, SeparationMode, Stage
from sampling.words import choices_of

BLANK_PARTS = 3


class TaskFileForm(SheetForm):
    """A sheet of tasks."""

    file = FileField(_l("Sheet of tasks"))


class PartForm(RowForm):
    """One part; a row without batches is left out."""

    batches = IntegerField(_l("Task batches"), [Optional(), NumberRange(1, MOST_BATCHES)])
    place_kind = SelectField(_l("Kind of place"))
    mode = SelectField(_l("Separation"))
    sampling_organisation_id = SelectField(_l("Sampled by"))
    lab_id = SelectField(_l("Tested by"))


class DivisionForm(PageForm):
    """How the batches of a task that nobody has yet are divided."""

    parts = FieldList(FormField(PartForm), _l("Parts"), max_entries=MOST_PARTS)

    @classmethod
    def fresh(cls, stage: Stage, organisations: Sequence[Organisation], *, begin: bool) -> "DivisionForm":
        """With who may take part, and blank rows to begin with."""
        form = cls()
        if begin:
            for _blank in range(BLANK_PARTS):
                form.parts.append_entry({"mode": SeparationMode.EXTERNAL.value})
        for entry in form.parts:
            _choose(entry.form, stage, organisations)
        return form

    @property
    def inputs(self) -> list[PartInput]:
        """The rows that name batches. Call it on a valid form only."""
        return [_part(entry.form, entry.form.batches.data) for entry in self.parts if entry.form.batches.data]


class MoveForm(PageForm):
    """Batches that move, why, and who does them from now on."""

    batches = IntegerField(_l("Task batches"), [required(), NumberRange(1, MOST_BATCHES)])
    reason = TextAreaField(_l("Reason"), [required(), Length(max=MAX_NOTE)])
    target = RadioField(_l("Where to"), default="other")
    place_kind = SelectField(_l("Kind of place"))
    mode = SelectField(_l("Separation"))
    sampling_organisation_id = SelectField(_l("Sampled by"))
    lab_id = SelectField(_l("Tested by"))

    @classmethod
    def fresh(cls, stage: Stage, organisations: Sequence[Organisation], **chosen: Any) -> "MoveForm":
        """With who may take part."""
        form = cls(data=chosen)
        form.target.choices = [
            ("other", _l("To the organisations below")),
            ("rest", _l("Back to what is not assigned")),
        ]
        _choose(form, stage, organisations)
        return form

    @property
    def to(self) -> PartInput | None:
        """Who does them from now on. Call it on a valid form only."""
        return _part(self, self.batches.data or 0) if self.target.data == "other" else None


def _choose(form: Any, stage: Stage, organisations: Sequence[Organisation]) -> None:
    form.place_kind.choices = choices_of(PlaceKind, only=tuple(one for one in PlaceKind if STAGE_OF[one] is stage))
    form.mode.choices = choices_of(SeparationMode)
    form.sampling_organisation_id.choices = [(str(one.id), bilingual(one)) for one in organisations]
    form.lab_id.choices = [(str(one.id), bilingual(one)) for one in organisations if one.kind is OrganisationKind.LAB]


def _part(form: Any, batches: int) -> PartInput:
    return PartInput(
        batches=batches,
        place_kind=PlaceKind(form.place_kind.data),
        mode=SeparationMode(form.mode.data),
        sampling_organisation_id=UUID(form.sampling_organisation_id.data),
        lab_id=UUID(form.lab_id.data),
    )
