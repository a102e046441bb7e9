"""What the form library itself says of a bad entry, in the language of the person."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import DateField, DateTimeLocalField, FieldList, FormField, IntegerField, SelectField, StringField
from wtforms.i18n import messages_path
from wtforms.validators import Length, NumberRange

from lims.forms import PageForm, RowForm
from lims.i18n import LOCALE_COOKIE, load_translations


class Row(RowForm):
    """One row."""

    count = IntegerField()


class Entry(PageForm):
    """One field of each kind that can refuse by itself."""

    kind = SelectField(choices=["a"])
    day = DateField()
    at = DateTimeLocalField()
    count = IntegerField()
    share = IntegerField(validators=[NumberRange(min=1, max=9)])
    name = StringField(validators=[Length(max=3)])
    code = StringField(validators=[Length(min=2, max=3)])
    rows = FieldList(FormField(Row))


TYPED = {
    "kind": "b",
    "day": "31 September",
    "at": "noon",
    "count": "many",
    "share": "12",
    "name": "four",
    "code": "c",
    "rows-0-count": "few",
}
ENGLISH = {
    "kind": ["Not a valid choice."],
    "day": ["Not a valid date value."],
    "at": ["Not a valid datetime value."],
    "count": ["Not a valid integer value."],
    "share": ["Number must be between 1 and 9."],
    "name": ["Field cannot be longer than 3 characters."],
    "code": ["Field must be between 2 and 3 characters long."],
    "rows": [{"count": ["Not a valid integer value."]}],
}
CHINESE = {
    "kind": ["请从所列选项中选择。"],
    "day": ["日期不正确，请按 2026-09-18 填写。"],
    "at": ["日期和时间不正确，请按 2026-09-18 09:30 填写。"],
    "count": ["请填整数。"],
    "share": ["须在 1 至 9 之间。"],
    "name": ["最多 3 个字。"],
    "code": ["须为 2 至 3 个字。"],
    "rows": [{"count": ["请填整数。"]}],
}


@pytest.mark.parametrize(("locale", "said"), [("en", ENGLISH), ("zh_Hans_CN", CHINESE)])
def test_a_bad_entry_is_refused_in_the_language_of_the_person(
    app: Flask, locale: str, said: dict[str, list[object]]
) -> None:
    with app.test_request_context("/", headers={"Cookie": f"{LOCALE_COOKIE}={locale}"}):
        form = Entry(MultiDict(TYPED), meta={"csrf": False})
        assert not form.validate()
        assert form.errors == said


def test_every_message_of_the_library_has_its_chinese() -> None:
    chinese = load_translations("zh_Hans_CN")
    with (Path(messages_path()) / "wtforms.pot").open("rb") as text:
        own = [one.id for one in read_po(text) if one.id]
    assert own
    missing = [
        one
        for one in own
        if (chinese.ngettext(*one, 2) if isinstance(one, tuple) else chinese.gettext(one)) in (one, one[1])
    ]
    assert missing == []
