"""Forms of settlements."""

from collections.abc import Iterable

from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from lims.forms import MeasuredText, PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l


class PeriodForm(PageForm):
    """Which laboratory, and from when to when."""

    lab_id = SelectField(_l("Laboratory"), [required()])
    first_day = DateField(_l("First day"), [required()])
    last_day = DateField(_l("Last day"), [required()])

    def offer(self, labs: Iterable[tuple[str, str]]) -> None:
        """Fill the list of laboratories."""
        self.lab_id.choices = [
            SelectChoice("", _("Choose the testing laboratory")),
            *(SelectChoice(*one) for one in labs),
        ]


class PriceForm(PageForm):
    """A price from a day on."""

    lab_id = SelectField(_l("Laboratory"), [required()])
    category_code = SelectField(_l("Major category"))
    amount = MeasuredText(_l("Price of a sample, in yuan"), [required()])
    valid_from = DateField(_l("Valid from"), [required()])
    contract = StringField(_l("Agreed in"), [required(), Length(max=200)])

    def offer(self, labs: Iterable[tuple[str, str]], categories: Iterable[tuple[str, str]]) -> None:
        """Fill both lists."""
        self.lab_id.choices = [
            SelectChoice("", _("Choose the testing laboratory")),
            *(SelectChoice(*one) for one in labs),
        ]
        every = SelectChoice("", _("Every other category"))
        self.category_code.choices = [every, *(SelectChoice(*one) for one in categories)]


class WithdrawForm(PageForm):
    """Why it is taken back."""

    reason = TextAreaField(_l("Reason"), [required(), Length(max=500)])


class PaymentForm(PageForm):
    """What was paid."""

    voucher_no = StringField(_l("Number of the voucher"), [required(), Length(max=60)])
    paid_on = DateField(_l("Paid on"), [required()])
