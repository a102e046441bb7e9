"""What an administrator fills in to change the catalogue: a new version each time, with its reason."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional, Regexp

from lims.catalog.editions import EditionDraft
from lims.catalog.labels import lazy_label
from lims.catalog.types import Comparison, Trust
from lims.errors import InvalidInputError
from lims.forms import MeasuredText, PageForm, required
from lims.i18n import lazy_gettext as _l

REASON = _l("Why")
SHORT, LONG = Length(max=200), Length(max=1000)
TRUSTS = [SelectChoice(trust.value, lazy_label(trust)) for trust in Trust]


class LookupForm(PageForm):
    """Food, item and day of production: what is the limit?"""

    class Meta(PageForm.Meta):
        """A question changes nothing, so its address can be passed on."""

        csrf = False

    food = StringField(_l("Food"), [required(), SHORT])
    item = StringField(_l("Test item"), [required(), SHORT])
    on = DateField(_l("Production date"), [Optional()])


class SearchForm(PageForm):
    """Words to look for."""

    class Meta(PageForm.Meta):
        """A search changes nothing, so its address can be passed on."""

        csrf = False

    q = StringField(_l("Search"), [Length(max=100)])

    @property
    def words(self) -> str:
        """What to look for; empty for everything."""
        return (self.q.data or "").replace("\0", "").strip()


class LimitForm(PageForm):
    """A limit in its next version."""

    limit_text = StringField(_l("Limit"), [required(), SHORT])
    unit = StringField(_l("Unit"), [SHORT])
    expressed_as = StringField(_l("Expressed as"), [SHORT])
    applicability = StringField(_l("Condition"), [LONG])
    comparison = SelectField(
        _l("Comparison"), choices=[SelectChoice(value.value, lazy_label(value)) for value in Comparison]
    )
    valid_from = DateField(_l("Produced from"), [required()])
    valid_to = DateField(_l("Produced until"), [Optional()])
    source = StringField(_l("Source"), [required(), LONG])
    trust = SelectField(_l("How far to believe it"), choices=TRUSTS)
    reason = TextAreaField(REASON, [required(), LONG])

    def changes(self) -> dict[str, Any]:
        """The columns as the form has them."""
        return {
            "limit_text": (self.limit_text.data or "").strip(),
            "unit": (self.unit.data or "").strip(),
            "expressed_as": (self.expressed_as.data or "").strip(),
            "applicability": (self.applicability.data or "").strip(),
            "comparison": Comparison(self.comparison.data),
            "valid_from": self.valid_from.data,
            "valid_to": self.valid_to.data,
            "source": self.source.data,
            "trust": Trust(self.trust.data),
        }


class NewLimitForm(LimitForm):
    """A limit that replaces nothing."""

    edition = SelectField(_l("Standard"), [required()])
    food_name = StringField(_l("Food as the standard names it"), [required(), SHORT])
    categories = StringField(_l("Category codes"), [required(), LONG])

    def scope(self, ids: Mapping[str, UUID]) -> dict[UUID, bool]:
        """The categories by id; a star after a code means only the foods that the limit names.

        Raises:
            InvalidInputError: a code that is not in the tree.
        """
        scope: dict[UUID, bool] = {}
        for code in (self.categories.data or "").replace("，", ",").split(","):
            plain = code.strip().removesuffix("*")
            if plain not in ids:
                raise InvalidInputError(
                    _l("“%(code)s” is no category code; expected one such as 34-4.", code=plain), field="categories"
                )
            scope[ids[plain]] = code.strip().endswith("*")
        return scope


class ReasonForm(PageForm):
    """Only why."""

    reason = TextAreaField(REASON, [required(), LONG])


class MethodForm(PageForm):
    """The figures of a method in their next version."""

    lod = MeasuredText(_l("Limit of detection"), [Optional()])
    loq = MeasuredText(_l("Limit of quantification"), [Optional()])
    unit = StringField(_l("Unit"), [SHORT])
    source = StringField(_l("Source"), [required(), LONG])
    reason = TextAreaField(REASON, [required(), LONG])

    def changes(self) -> dict[str, Any]:
        """The columns as the form has them; bounds a person typed are believed as read."""
        return {
            "lod": self.lod.data,
            "loq": self.loq.data,
            "unit": (self.unit.data or "").strip(),
            "source": self.source.data,
            "bound_trust": Trust.READ if isinstance(self.lod.data or self.loq.data, Decimal) else None,
        }


class ParameterForm(PageForm):
    """Another value of a rule parameter from a day on."""

    value = MeasuredText(_l("New value"), [required()])
    valid_from = DateField(_l("In force from"), [required()])
    source = StringField(_l("Source"), [required(), LONG])
    trust = SelectField(_l("How far to believe it"), choices=TRUSTS)
    reason = TextAreaField(REASON, [required(), LONG])


class DayForm(PageForm):
    """Whether one day is worked."""

    day = DateField(_l("Day"), [required()])
    is_workday = RadioField(
        _l("On this day"),
        [required()],
        choices=[SelectChoice("yes", _l("people work")), SelectChoice("no", _l("people do not work"))],
    )
    name_zh = StringField(_l("Name in Chinese"), [SHORT])
    name_en = StringField(_l("Name in English"), [SHORT])
    reason = TextAreaField(REASON, [required(), LONG])


class WordingForm(PageForm):
    """Names of a thing that keeps its identity."""

    name_zh = StringField(_l("Name in Chinese"), [required(), SHORT])
    name_en = StringField(_l("Name in English"), [SHORT])
    reason = TextAreaField(REASON, [required(), LONG])


class AliasForm(PageForm):
    """One more name under which an item is found."""

    name = StringField(_l("Also called"), [required(), SHORT])
    reason = StringField(REASON, [required(), LONG])


class EditionForm(PageForm):
    """An edition of a standard, by name and dates."""

    number = StringField(_l("Number without the year"), [required(), SHORT])
    edition = StringField(
        _l("Year"),
        [Optional(), Regexp(r"^(19|20)[0-9]{2}$", message=_l("A year has four digits, such as 2025."))],
    )
    title_zh = StringField(_l("Title in Chinese"), [SHORT])
    title_en = StringField(_l("Title in English"), [SHORT])
    in_force_from = DateField(_l("Products made from"), [required()])
    in_force_to = DateField(_l("until"), [Optional()])
    source = StringField(_l("Source"), [required(), LONG])
    reason = TextAreaField(REASON, [required(), LONG])

    def draft(self) -> EditionDraft:
        """The edition as the form has it."""
        assert self.in_force_from.data is not None  # noqa: S101 - required
        return EditionDraft(
            number=str(self.number.data),
            edition=(self.edition.data or "").strip(),
            title_zh=self.title_zh.data or "",
            title_en=self.title_en.data or "",
            in_force_from=self.in_force_from.data,
            in_force_to=self.in_force_to.data,
            source=str(self.source.data).strip(),
        )


class EditionFilter(SearchForm):
    """Standards by number or title, and whether their limits are loaded."""

    loaded = BooleanField(_l("Only with limits loaded"))
