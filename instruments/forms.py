"""Forms of instruments."""

from wtforms import StringField, TextAreaField, ValidationError
from wtforms.fields import Field
from wtforms.validators import Length

from instruments.schemas import MAX_REASON
from lims.forms import PageForm, required
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l

MAX_CODE = 60
MAX_LOAD = 20_000  # 400 slots, each line as long as a slot and a code may be


def printable(_form: PageForm, field: Field) -> None:
    """PostgreSQL keeps no NUL character, and no other control character belongs into a text."""
    if field.data and any(not (letter.isprintable() or letter.isspace()) for letter in field.data):
        raise ValidationError(_("Text cannot contain control characters."))


class DecideForm(PageForm):
    """The sample a reading belongs to, or only the reason why it is not used."""

    blind_code = StringField(_l("Blind code"), [Length(max=MAX_CODE), printable])
    reason = StringField(_l("Reason"), [required(), Length(max=MAX_REASON), printable])


class RunForm(PageForm):
    """What stands in which slot."""

    slots = TextAreaField(_l("Slots"), [required(), Length(max=MAX_LOAD), printable])

    def by_slot(self) -> dict[str, str]:
        """Slot → blind code.

        Raises:
            ValueError: a line that is not a slot and a code, or a slot given twice; the message says which.
        """
        loaded: dict[str, str] = {}
        for line in (self.slots.data or "").splitlines():
            words = line.split()
            if not words:
                continue
            if len(words) != 2 or words[0] in loaded:  # noqa: PLR2004 - a slot and a code
                raise ValueError(
                    _("“%(line)s”: expected a slot and a blind code, each slot once.", line=line.strip()[:MAX_CODE])
                )
            loaded[words[0]] = words[1]
        return loaded
