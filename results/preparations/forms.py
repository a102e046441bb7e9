"""Forms of preparations."""

from wtforms import DateField, FieldList, FormField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.forms import PageForm, RowForm, required
from lims.i18n import lazy_gettext as _l
from results.preparations.types import PreparationKind, Recipe, Taken
from results.preparations.words import KINDS

SHORT, LONG = 100, 400
ROWS = 4  # parents that the page has lines for; the API takes more


class ParentRow(RowForm):
    """One thing that it is made from."""

    number = StringField(_l("Number or lot"), [Length(max=SHORT)])
    amount = StringField(_l("Amount taken"), [Length(max=SHORT)])


class PreparationForm(PageForm):
    """What is prepared."""

    kind = RadioField(
        _l("What is prepared"),
        [required()],
        choices=[SelectChoice(kind.value, name) for kind, name in KINDS.items()],
        default=PreparationKind.STANDARD.value,
    )
    name = StringField(_l("Name"), [required(), Length(max=SHORT)])
    blind_code = StringField(_l("Blind code"), [Length(max=SHORT)])
    parents = FieldList(FormField(ParentRow), min_entries=ROWS, max_entries=ROWS)
    final_amount = StringField(_l("Final amount"), [Length(max=SHORT)])
    concentration = StringField(_l("Concentration"), [Length(max=SHORT)])
    storage = StringField(_l("Storage"), [Length(max=SHORT)])
    expires_on = DateField(_l("May be used until"), [required()])

    def recipe(self) -> Recipe:
        """As it was written. Call it on a valid form only."""
        assert self.expires_on.data is not None  # noqa: S101 - the form was valid
        rows = [(row.form.number.data or "", row.form.amount.data or "") for row in self.parents]
        return Recipe(
            kind=PreparationKind(self.kind.data),
            name=self.name.data or "",
            blind_code=self.blind_code.data or "",
            parents=tuple(Taken(number, amount) for number, amount in rows if number.strip()),
            final_amount=self.final_amount.data or "",
            concentration=self.concentration.data or "",
            storage=self.storage.data or "",
            expires_on=self.expires_on.data,
        )


class UseForm(PageForm):
    """What a batch was measured with."""

    number = StringField(_l("Number or lot"), [required(), Length(max=SHORT)])


class DiscardForm(PageForm):
    """Why it is thrown away."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=LONG)])
