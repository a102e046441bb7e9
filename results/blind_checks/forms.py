"""Forms of the quality office."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from wtforms import DateField, FieldList, FormField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional

from chain_of_custody.types import Blindness
from lims.catalog.models import TestItem
from lims.forms import MeasuredText, PageForm, RowForm, required
from lims.i18n import LazyString, bilingual
from lims.i18n import lazy_gettext as _l
from results.blind_checks.services import Container, KnownValue
from results.blind_checks.types import Expected
from results.services.worklists import Described
from sampling.types import Packaging, PhysicalForm, ProductType, StorageCondition
from sampling.words import choices_of

SHORT, LONG = 60, 500
BLINDNESS: dict[Blindness, LazyString] = {
    Blindness.REPACKED: _l("Repacked"),
    Blindness.COVERED: _l("Covered"),
    Blindness.OPEN: _l("Not covered"),
}
EXPECTED: dict[Expected, LazyString] = {
    Expected.VALUE: _l("a value"),
    Expected.DETECTED: _l("detected"),
    Expected.NOT_DETECTED: _l("not detected"),
}


def _figure(field: MeasuredText) -> Decimal:
    figure: Any = field.data  # the stub knows text only
    assert isinstance(figure, Decimal)  # noqa: S101 - the form was valid
    return figure


class ContainerForm(PageForm):
    """The container that goes to the bench."""

    material = TextAreaField(_l("What is in it"), [required(), Length(max=LONG)])
    quantity = MeasuredText(_l("Amount"), [required()])
    quantity_unit = StringField(_l("Unit"), [required(), Length(max=20)], default="g")
    seal_no = StringField(_l("Seal number of the container"), [required(), Length(max=SHORT)])
    blindness = RadioField(
        _l("The parcel"),
        [required()],
        choices=[SelectChoice(value.value, name) for value, name in BLINDNESS.items()],
        default=Blindness.REPACKED.value,
    )

    def container(self) -> Container:
        """As it was described. Call it on a valid form only."""
        return Container(
            material=str(self.material.data),
            quantity=_figure(self.quantity),
            quantity_unit=str(self.quantity_unit.data),
            seal_no=str(self.seal_no.data),
            blindness=Blindness(self.blindness.data),
        )


class SplitForm(ContainerForm):
    """A part of a sample that is on the bench, under a code of its own."""

    blind_code = StringField(_l("Blind code of the sample it is taken from"), [required(), Length(max=SHORT)])
    most_percent = MeasuredText(_l("Largest difference, in per cent of the mean"), [required()])

    def percent(self) -> Decimal:
        """The difference. Call it on a valid form only."""
        return _figure(self.most_percent)


class KnownRow(RowForm):
    """What is known of one item."""

    item_id = HiddenField()
    expected = SelectField(_l("What is known"), [Optional()])
    value = MeasuredText(_l("Assigned value"))
    deviation = MeasuredText(_l("Standard deviation"))
    unit = StringField(_l("Unit"), [Length(max=20)])


class KnownForm(ContainerForm):
    """A material whose content is known, given out as a food."""

    product_name = StringField(_l("Given out as"), [required(), Length(max=SHORT)])
    product_date = DateField(_l("Production date"), [required()])
    product_type = SelectField(_l("Product type"))
    packaging = SelectField(_l("Packaging"))
    physical_form = SelectField(_l("Physical form"))
    storage_condition = SelectField(_l("Storage"))
    storage_celsius = StringField(_l("Storage temperature"), [Length(max=SHORT)])
    executed_standard = StringField(_l("Executed standard"), [Length(max=SHORT)])
    label_claims = StringField(_l("Label claims"), [Length(max=LONG)])
    values = FieldList(FormField(KnownRow), _l("What is known"))

    @classmethod
    def for_items(cls, items: Sequence[TestItem], units: Sequence[str], **fields: Any) -> "KnownForm":
        """One row for each item that is tested in the food, in their order."""
        rows = [{"item_id": str(item.id), "unit": unit} for item, unit in zip(items, units, strict=True)]
        form = cls(data={"values": rows} | fields)
        form.product_type.choices = choices_of(ProductType)
        form.packaging.choices = choices_of(Packaging)
        form.physical_form.choices = choices_of(PhysicalForm)
        form.storage_condition.choices = choices_of(StorageCondition)
        for entry in form.values:
            entry.form.expected.choices = [
                SelectChoice("", _l("nothing")),
                *(SelectChoice(value.value, name) for value, name in EXPECTED.items()),
            ]
        return form

    def described(self) -> Described:
        """What the bench is told. Call it on a valid form only."""
        day = self.product_date.data
        assert day is not None  # noqa: S101 - the form was valid
        return Described(
            product_name=str(self.product_name.data),
            product_date=day,
            label_claims=self.label_claims.data or None,
            product_type=ProductType(self.product_type.data),
            packaging=Packaging(self.packaging.data),
            physical_form=PhysicalForm(self.physical_form.data),
            storage_condition=StorageCondition(self.storage_condition.data),
            storage_celsius=self.storage_celsius.data or None,
            executed_standard=self.executed_standard.data or None,
        )

    def known_values(self) -> list[KnownValue]:
        """The rows in which something is known. Call it on a valid form only."""
        known = []
        for row in (entry.form for entry in self.values if entry.form.expected.data):
            item_id, expected = UUID(row.item_id.data), Expected(row.expected.data)
            if expected is Expected.VALUE:
                value: Any = row.value.data  # the stub knows text only
                deviation: Any = row.deviation.data
                known.append(KnownValue(item_id, expected, value, deviation, row.unit.data or ""))
            else:
                known.append(KnownValue(item_id, expected))
        return known


class EvaluationForm(PageForm):
    """What follows from the scores."""

    conclusion = TextAreaField(_l("What follows from it"), [required(), Length(max=LONG)])


class FoodForm(PageForm):
    """The food a material is given out as."""

    class Meta(PageForm.Meta):
        """A choice changes nothing."""

        csrf = False

    food = SelectField(_l("Food"), [required()])

    @classmethod
    def among(cls, foods: Sequence[Any]) -> "FoodForm":
        """Only foods of which the catalogue says what is tested."""
        form = cls()
        form.food.choices = [(one.code, f"{one.code} {bilingual(one)}") for one in foods]
        return form
