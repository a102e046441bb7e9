"""Forms of the planner."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from wtforms import (
    DateField,
    DateTimeLocalField,
    FieldList,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lims.catalog.models import FoodCategory
from lims.forms import PageForm, RowForm, required
from lims.i18n import bilingual
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from sampling.queries import Candidate
from sampling.rules.allocation import BLENDED, PPM, Part, Shares
from sampling.services.plans import DEFAULT_SHARES
from sampling.types import AreaType, PlaceKind, PlanKind, SeparationMode, SignalKind, TaskCategory
from sampling.words import choices_of

SHORT, LONG = 120, 1000
MOST_SAMPLES = 1_000_000
LOCAL_INSTANT = "%Y-%m-%dT%H:%M"
BLANK_LINES = 4
CHOSEN_KINDS = tuple(kind for kind in PlanKind if kind is not PlanKind.QUALITY_CHECK)


def _count(label: Any) -> IntegerField:
    return IntegerField(label, [Optional(), NumberRange(0, MOST_SAMPLES)])


def _percent(label: Any, part: Part) -> IntegerField:
    share = dict(zip(BLENDED, Shares.parse(DEFAULT_SHARES), strict=True))[part]
    return IntegerField(label, [required(), NumberRange(0, 100)], default=share * 100 // PPM)


class PlanForm(PageForm):
    """What a plan begins with."""

    title_zh = StringField(_l("Title in Chinese"), [required(), Length(max=SHORT)])
    title_en = StringField(_l("Title in English"), [required(), Length(max=SHORT)])
    year = IntegerField(_l("Year"), [required(), NumberRange(2000, 2100)])
    kind = SelectField(_l("Kind of plan"))
    task_category = SelectField(_l("Category of task"))
    report_class_a = StringField(_l("Report class A"), [required(), Length(max=SHORT)])
    report_class_b = StringField(_l("Report class B"), [required(), Length(max=SHORT)])
    budget = IntegerField(_l("Samples in all"), [required(), NumberRange(1, MOST_SAMPLES)])
    precision_share = _percent(_l("Share of precision"), Part.NEYMAN)
    risk_share = _percent(_l("Share of risk"), Part.RISK)
    votes_share = _percent(_l("Share of votes"), Part.VOTES)
    pick_round_id = SelectField(_l("Votes of"))

    @classmethod
    def fresh(cls, rounds: list[tuple[str, str]]) -> "PlanForm":
        """With the choices in the reader's language and the counted rounds."""
        form = cls()
        form.kind.choices = choices_of(PlanKind, only=CHOSEN_KINDS)
        form.task_category.choices = choices_of(TaskCategory)
        form.pick_round_id.choices = [("", _l("no round")), *rounds]
        return form

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """As every form, and the shares have to be a whole."""
        if not super().validate(extra_validators):
            return False
        total = sum(self._percents)
        if total != 100:  # noqa: PLR2004 - per cent
            self.form_errors.append(
                _(
                    "The shares are %(each)s = %(total)s %%, expected 100 %%.",
                    each=" + ".join(map(str, self._percents)),
                    total=total,
                )
            )
        return total == 100  # noqa: PLR2004 - per cent

    @property
    def _percents(self) -> list[int]:
        return [field.data or 0 for field in (self.precision_share, self.risk_share, self.votes_share)]

    @property
    def shares(self) -> str:
        """The shares as the policy writes them: `neyman=0.4,risk=0.4,votes=0.2`."""
        return Shares(*(percent * PPM // 100 for percent in self._percents)).text

    @property
    def round_id(self) -> UUID | None:
        """The round whose votes count."""
        return UUID(self.pick_round_id.data) if self.pick_round_id.data else None


class CategoryForm(PageForm):
    """Who does what in one major category."""

    category_id = SelectField(_l("Major category"))
    mode = RadioField(_l("Separation"))
    sampling_organisation_id = SelectField(_l("Sampled by"))
    lab_id = SelectField(_l("Tested by"))

    @classmethod
    def fresh(cls, majors: list[FoodCategory], candidates: list[Candidate], **chosen: Any) -> "CategoryForm":
        """Only who is free can be chosen; the page tells of the others why not."""
        form = cls(data=chosen)
        form.category_id.choices = [(str(major.id), f"{major.code} {bilingual(major)}") for major in majors]
        form.mode.choices = choices_of(SeparationMode)
        form.sampling_organisation_id.choices = [
            (str(one.organisation.id), bilingual(one.organisation)) for one in candidates if one.not_sampling is None
        ]
        form.lab_id.choices = [
            (str(one.organisation.id), bilingual(one.organisation)) for one in candidates if one.not_testing is None
        ]
        return form


class LineForm(RowForm):
    """One stratum; a row without a food is left out."""

    food = StringField(_l("Food"), [Length(max=SHORT)])
    place_kind = SelectField(_l("Kind of place"))
    population = _count(_l("Population"))
    floor = _count(_l("Floor"))
    ceiling = _count(_l("Ceiling"))
    statutory = _count(_l("Statutory"))
    tests = _count(_l("Tests so far"))
    fails = _count(_l("Fails so far"))


class LinesForm(PageForm):
    """All strata of a plan."""

    lines = FieldList(FormField(LineForm), _l("Lines"), max_entries=500)

    @classmethod
    def fresh(cls, rows: list[dict[str, Any]] | None = None) -> "LinesForm":
        """With rows to begin with, and blank ones behind them."""
        form = cls(data={"lines": rows}) if rows is not None else cls()
        if rows is not None:
            for _blank in range(BLANK_LINES):
                form.lines.append_entry({"place_kind": PlaceKind.FARMERS_MARKET.value})
        for entry in form.lines:
            entry.form.place_kind.choices = choices_of(PlaceKind)
        return form


class CeremonyForm(PageForm):
    """What completes the seed, named before anybody can know it."""

    beacon_source = StringField(_l("Public value that will complete the seed"), [required(), Length(max=SHORT)])


class CommitmentForm(PageForm):
    """One party's commitment."""

    party = StringField(_l("Party"), [required(), Length(max=SHORT)])
    commitment = StringField(_l("Commitment (SHA-256)"), [required(), Length(max=80)])


class SecretForm(PageForm):
    """One party opens what it committed to."""

    party = SelectField(_l("Party"))
    secret = StringField(_l("Secret"), [required(), Length(max=80)])


class HoldForm(PageForm):
    """The public value as it came out, and the days of the visits."""

    beacon_value = StringField(_l("Value that came out"), [required(), Length(max=SHORT)])
    fixed_at = DateTimeLocalField(_l("When it was fixed"), [required()], format=LOCAL_INSTANT)
    first_day = DateField(_l("First day of the visits"), [required()])
    last_day = DateField(_l("Last day of the visits"), [required()])


class SignalForm(PageForm):
    """Something that may steer samples."""

    kind = SelectField(_l("Source of the signal"))
    text = TextAreaField(_l("What was reported"), [required(), Length(max=LONG)])
    source_reference = StringField(_l("Reference"), [Length(max=SHORT)])
    food = StringField(_l("Food"), [Length(max=SHORT)])
    weight = IntegerField(_l("Weight (1 to 100)"), [required(), NumberRange(1, 100)], default=10)
    expires_on = DateField(_l("Counts until"), [required()])

    @classmethod
    def fresh(cls) -> "SignalForm":
        """With the choices in the reader's language."""
        form = cls()
        form.kind.choices = choices_of(SignalKind)
        return form


class DismissForm(PageForm):
    """Why a signal is put aside."""

    reason = StringField(_l("Why it is put aside"), [required(), Length(max=LONG)])


class BusinessForm(PageForm):
    """A business as its licence names it."""

    name = StringField(_l("Name as on the licence"), [required(), Length(max=SHORT)])
    address = StringField(_l("Address"), [required(), Length(max=SHORT)])
    stall_no = StringField(_l("Stall"), [Length(max=SHORT)])
    region_code = StringField(_l("Region (six digits)"), [required(), Length(max=6)])
    area_type = RadioField(_l("Area"))
    place_kind = SelectField(_l("Kind of place"))
    regulator_id = SelectField(_l("Handled by"))
    uscc = StringField(_l("Unified social credit code"), [Length(max=30)])
    uscc_note = StringField(_l("Why the code stands so"), [Length(max=SHORT)])
    licence_kind = StringField(_l("Kind of licence"), [Length(max=SHORT)])
    licence_no = StringField(_l("Licence"), [Length(max=40)])
    legal_person = StringField(_l("Legal person"), [Length(max=SHORT)])
    contact = StringField(_l("Contact"), [Length(max=SHORT)])
    phone = StringField(_l("Phone"), [Length(max=40)])
    market_organiser = StringField(_l("Market organiser"), [Length(max=SHORT)])
    platform = StringField(_l("Platform"), [Length(max=SHORT)])
    shop_url = StringField(_l("Address of the shop"), [Length(max=LONG)])
    foods = StringField(_l("Foods, as category codes"), [InputRequired(_l("Fill this in.")), Length(max=LONG)])

    @classmethod
    def fresh(cls, offices: list[tuple[str, str]], **chosen: Any) -> "BusinessForm":
        """With the offices that may handle it."""
        form = cls(data=chosen)
        form.area_type.choices = choices_of(AreaType)
        form.place_kind.choices = choices_of(PlaceKind)
        form.regulator_id.choices = offices
        return form


class VisitForm(PageForm):
    """A team sent without a draw."""

    food_category_id = SelectField(_l("Food"))
    first_sampler_id = SelectField(_l("First sampler"))
    second_sampler_id = SelectField(_l("Second sampler"))
    accompanying_officer_id = SelectField(_l("Accompanying officer"))
    planned_on = DateField(_l("Day"), [required()])

    @classmethod
    def fresh(
        cls, foods: list[tuple[str, str]], samplers: list[tuple[str, str]], officers: list[tuple[str, str]]
    ) -> "VisitForm":
        """With the foods of the business and who may go."""
        form = cls()
        form.food_category_id.choices = foods
        form.first_sampler_id.choices = form.second_sampler_id.choices = samplers
        form.accompanying_officer_id.choices = officers
        if not form.is_submitted() and len(samplers) > 1:
            form.second_sampler_id.data = samplers[1][0]
        return form
