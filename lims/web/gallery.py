"""What the component gallery shows: one field of each kind and values that try the components out.

The page is for the eye and for the browser tests; `lims.views` serves it outside production only.
"""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from typing import Any

from flask import request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Optional, Regexp

from lims.forms import PageForm, required
from lims.i18n import lazy_gettext as _l
from lims.symbols import code128_svg, qr_svg
from lims.web.templating import STATIC

SURFACES = ("desk", "field", "bench", "public")
SHOWN_AT = datetime(2026, 11, 23, 2, 14, tzinfo=UTC)


class GalleryForm(PageForm):
    """One field of each kind that pages use."""

    name = StringField(_l("Sampled party"), [required()])
    amount = StringField(_l("Value"), [Regexp(r"[0-9.]+$", message=_l("Write a number such as 2.5."))])
    on = DateField(_l("Due"), [Optional()])
    kind = SelectField(
        _l("Food"),
        choices=[SelectChoice("leek", "韭菜"), SelectChoice("rice", "大米"), SelectChoice("eel", "鲜活黄鳝")],
    )
    seal = RadioField(
        _l("State"),
        [required()],
        choices=[
            SelectChoice("sealed", _l("Sealed")),
            SelectChoice("broken", _l("Seal not intact")),
            SelectChoice("void", _l("Void")),
        ],
    )
    place = RadioField(
        _l("Custody"),
        choices=[
            SelectChoice("market", _l("Sampled")),
            SelectChoice("shop", _l("Received")),
            SelectChoice("canteen", _l("Testing")),
        ],
        default="market",
    )
    items = SelectMultipleField(
        _l("Item"),
        choices=[
            SelectChoice("1", "腐霉利"),
            SelectChoice("2", "噻虫胺"),
            SelectChoice("3", "铅(以Pb计)"),
            SelectChoice("4", "恩诺沙星"),
        ],
        default=["1", "3"],
    )
    remark = TextAreaField(_l("Facts"), [Optional()])
    agree = BooleanField(_l("Refused"))


def icon_names() -> list[str]:
    """Names of the glyphs in the sprite."""
    sprite = ET.parse(STATIC / "img" / "icons.svg").getroot()  # noqa: S314 - a file of ours
    return [symbol.attrib["id"] for symbol in sprite]


def _demo_month() -> dict[str, Any]:
    """October 2026: a week of holidays, and a Saturday that is worked for it."""
    days = [date(2026, 10, number) for number in range(1, 32)]
    kinds = {day: "weekend" if day.weekday() in {5, 6} else "workday" for day in days}
    kinds |= dict.fromkeys(days[:7], "public_holiday") | {days[9]: "makeup_workday"}
    shown = [{"day": day, "kind": kind, "words": kind, "by_hand": day.day == 23} for day, kind in kinds.items()]  # noqa: PLR2004 - any day
    worked = sum(kind in {"workday", "makeup_workday"} for kind in kinds.values())
    return {
        "first": days[0],
        "blanks": days[0].weekday(),
        "days": shown,
        "worked": worked,
        "provisional": False,
    }


def gallery_context() -> dict[str, Any]:
    """Variables of `components/gallery.html`.

    `?surface=` chooses the density; `?errors` shows the form as it comes back refused.
    """
    surface = request.args.get("surface", SURFACES[0])
    form = GalleryForm(formdata=None)
    if "errors" in request.args:
        form = GalleryForm(formdata=MultiDict({"amount": "2，5", "place": "market", "kind": "leek"}))
        form.validate()
    return {
        "demo": form,
        "now": SHOWN_AT,
        "today": SHOWN_AT.date(),
        "surface": surface if surface in SURFACES else SURFACES[0],
        "icon_names": icon_names(),
        "demo_month": _demo_month(),
        # Drawn by us from texts of ours: safe to stand in the page as it is.
        "demo_code": Markup(code128_svg("26-0412-B7")),  # noqa: S704
        "demo_qr": Markup(qr_svg("https://fenjian.example/r/7QK2")),  # noqa: S704
    }
