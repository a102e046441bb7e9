"""Forms of objections: on paper, on the page of a notice, and their decisions."""

from flask_wtf.file import MultipleFileField
from wtforms import DateField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.forms import PageForm, required
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from results.objections.types import Consequence, ObjectionKind, Outcome, RefusalGround
from results.referral.types import Addressee

MAX_TEXT = 2_000
MAX_CONTACT = 200
KINDS: dict[ObjectionKind, LazyString] = {
    ObjectionKind.SAMPLING: _l("The sampling"),
    ObjectionKind.AUTHENTICITY: _l("Authenticity: not made by the named producer"),
    ObjectionKind.METHOD: _l("The test method"),
    ObjectionKind.STANDARD: _l("The standard that was applied"),
}
KIND_HINTS: dict[ObjectionKind, LazyString] = {
    ObjectionKind.SAMPLING: _l("Who came, what was taken and how, seals and papers."),
    ObjectionKind.AUTHENTICITY: _l("Only the named producer: the goods are counterfeit, or not from you."),
    ObjectionKind.METHOD: _l("The method does not fit this food or this item."),
    ObjectionKind.STANDARD: _l("Another standard, edition or limit governs this food."),
}
GROUNDS: dict[RefusalGround, LazyString] = {
    RefusalGround.LATE: _l("Too late"),
    RefusalGround.NOT_ENTITLED: _l("The other side objects to this"),
    RefusalGround.INCOMPLETE: _l("Told what is lacking, and not brought"),
    RefusalGround.OTHER: _l("Another legal reason"),
}
OUTCOMES: dict[Outcome, LazyString] = {
    Outcome.UPHELD: _l("Upheld"),
    Outcome.NOT_UPHELD: _l("Not upheld"),
}
CONSEQUENCES: dict[Consequence, LazyString] = {
    Consequence.NONE: _l("Nothing changes in the case"),
    Consequence.PRODUCER_IS_OUT: _l("The producer's side of the case ends; the others go on"),
    Consequence.CASE_WITHDRAWN: _l("The conclusion does not stand: the case is withdrawn"),
}
SIDES = [
    SelectChoice(Addressee.SAMPLED_PARTY.value, _l("Sampled party")),
    SelectChoice(Addressee.NOMINAL_PRODUCER.value, _l("Nominal producer")),
]


class NoticeForm(PageForm):
    """Number and code, as they stand on the notice."""

    notice_no = StringField(_l("Notice number"), [required(), Length(max=60)])
    code = StringField(_l("Code of the notice"), [required(), Length(max=40)])


class _Written(PageForm):
    """What an applicant writes, whatever it is about."""

    contact = StringField(_l("Name and telephone"), [required(), Length(max=MAX_CONTACT)])
    grounds = TextAreaField(_l("Grounds"), [required(), Length(max=MAX_TEXT)])
    files = MultipleFileField(_l("Papers"))


class NoticeObjectionForm(_Written):
    """An objection on the page of a notice."""

    kind = RadioField(_l("What do you object to?"), [required()])


class NoticeRecheckForm(_Written):
    """An application for a recheck on the page of a notice."""

    items = SelectMultipleField(_l("Items to be tested again"), [required()])


class ObjectionForm(_Written):
    """An objection as it came in on paper."""

    kind = RadioField(
        _l("What is objected to"),
        [required()],
        choices=[SelectChoice(kind.value, name) for kind, name in KINDS.items()],
    )
    applicant = RadioField(_l("Applicant"), [required()], choices=SIDES)
    filed_on = DateField(_l("Came in on"), [required()])


class GroundForm(PageForm):
    """Why an objection is refused."""

    ground = RadioField(
        _l("Reason of refusal"),
        [required()],
        choices=[SelectChoice(ground.value, name) for ground, name in GROUNDS.items()],
    )
    note = TextAreaField(_l("Reasons in writing"), [required(), Length(max=MAX_TEXT)])


class ReviewForm(PageForm):
    """What the review found."""

    outcome = RadioField(
        _l("Outcome of the review"),
        [required()],
        choices=[SelectChoice(outcome.value, name) for outcome, name in OUTCOMES.items()],
    )
    note = TextAreaField(_l("What the review found"), [required(), Length(max=MAX_TEXT)])
