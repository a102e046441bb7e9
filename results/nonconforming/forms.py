"""Forms of nonconforming work."""

from collections.abc import Iterable
from uuid import UUID

from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l
from lims.people.types import Colleague
from results.nonconforming.types import Impact, Plan, Source
from results.nonconforming.words import IMPACTS, SOURCES

SHORT, LONG = 60, 2_000


class RaiseForm(PageForm):
    """What was not done as it has to be."""

    source = SelectField(
        _l("Where it was found"),
        [required()],
        choices=[SelectChoice(source.value, name) for source, name in SOURCES.items()],
    )
    found_on = DateField(_l("Found on"), [required()])
    what = TextAreaField(_l("What is not as it has to be"), [required(), Length(max=LONG)])
    batch_no = StringField(_l("Analytical batch"), [Length(max=SHORT)])
    blind_code = StringField(_l("Blind code"), [Length(max=SHORT)])

    def kind(self) -> Source:
        """Where it was found. Call it on a valid form only."""
        return Source(self.source.data)


class PlanForm(PageForm):
    """Cause and corrective action."""

    cause = TextAreaField(_l("Root cause"), [required(), Length(max=LONG)])
    action = TextAreaField(_l("Corrective action"), [required(), Length(max=LONG)])
    responsible = SelectField(_l("Who answers for it"), [required()])
    due_on = DateField(_l("To be done by"), [required()])

    def offer(self, people: Iterable[Colleague]) -> None:
        """Let the person choose among who works there."""
        self.responsible.choices = [(str(one.person_id), one.name) for one in people]

    def plan(self) -> Plan:
        """As it was written. Call it on a valid form only."""
        assert self.due_on.data is not None  # noqa: S101 - the form was valid
        return Plan(self.cause.data or "", self.action.data or "", UUID(str(self.responsible.data)), self.due_on.data)


class TextForm(PageForm):
    """What was done or seen."""

    text = TextAreaField(_l("In words"), [required(), Length(max=LONG)])


class CheckForm(TextForm):
    """Whether the action helped."""

    outcome = RadioField(
        _l("Whether it helped"),
        [required()],
        choices=[SelectChoice("effective", _l("It helped")), SelectChoice("ineffective", _l("It did not help"))],
    )


class LinkForm(PageForm):
    """What else it touches."""

    batch_no = StringField(_l("Analytical batch"), [Length(max=SHORT)])
    blind_code = StringField(_l("Blind code"), [Length(max=SHORT)])


class ImpactForm(PageForm):
    """What it means for a report."""

    impact = RadioField(
        _l("What it means for the report"),
        [required()],
        choices=[SelectChoice(impact.value, name) for impact, name in IMPACTS.items()],
    )
    reason = TextAreaField(_l("Reason"), [required(), Length(max=LONG)])

    def decided(self) -> Impact:
        """The decision. Call it on a valid form only."""
        return Impact(self.impact.data)
