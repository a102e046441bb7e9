"""Devices that send lines of text: balances, barcode scanners, `#` records."""

import re

from instruments.parsing.values import parse_time, parse_value, unreadable_text
from instruments.types import Reading, ReadingStatus, Settings, Unread
from lims.tables import decode_text

_SICS = re.compile(
    r"(?P<command>S|SI|SU)\s+(?P<state>[SD])\s+(?P<value>[-+]?\s*(?:[0-9]+(?:[.][0-9]*)?|[.][0-9]+))(?:\s+(?P<unit>\S+))?"
)
_SICS_OTHER_ANSWERS = re.compile(r"(?:I[0-9]+|@|Z[IA]?|TI?|TA|TAC)(?:\s.*)?")  # identity, zero and tare: no weighing
_SICS_STATES = {"+": ReadingStatus.OVER, "-": ReadingStatus.UNDER, "I": ReadingStatus.UNSTABLE}


def parse_mt_sics(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One MT-SICS weighing: `S S    100.00 g` is stable, `S D` is not, `S I`, `S +` and `S -` have no value.

    Source: METTLER TOLEDO MT-SICS reference manuals, level 0.
    """
    text = decode_text(raw).text.strip()
    found = _SICS.fullmatch(text)
    if found is not None and found["unit"] is None:
        return unreadable_text("mt-sics", 1, raw, Unread.NO_UNIT)
    if found is not None:
        parsed = parse_value(found["value"])
        return (
            Reading(
                driver="mt-sics",
                parser_version=1,
                raw=raw,
                value_text=found["value"],
                value=parsed.value,
                unit_text=found["unit"],
                status=ReadingStatus.OK if found["state"] == "S" else ReadingStatus.UNSTABLE,
            ),
        )
    words = text.split()
    if len(words) == 2 and words[0] in {"S", "SI"} and words[1] in _SICS_STATES:  # noqa: PLR2004
        return (
            Reading(
                driver="mt-sics",
                parser_version=1,
                raw=raw,
                status=_SICS_STATES[words[1]],
                attributes=(("answer", text),),
            ),
        )
    if _SICS_OTHER_ANSWERS.fullmatch(text) is not None:
        return ()
    return unreadable_text("mt-sics", 1, raw, Unread.NOT_ITS_FORM)


_SBI_ID_SIZE = 6
_SBI_SIZE = 14  # sign, blank or bracket, eight of value, blank or bracket, three of unit
_SBI_MESSAGES = {
    "High": ReadingStatus.OVER,
    "Low": ReadingStatus.UNDER,
    "H": ReadingStatus.OVER,
    "L": ReadingStatus.UNDER,
}


def parse_sbi(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One Sartorius SBI print: 16 characters with CR LF, or 22 with an identifier before them.

    Square brackets mark digits that are not verified, an empty unit means that the balance was not stable; both are
    kept, the digits inside brackets belong to the value.

    Source: Sartorius operating manuals, data output format.
    """
    text = decode_text(raw).text
    identifier = ""
    if len(text) > _SBI_SIZE:
        identifier, text = text[:_SBI_ID_SIZE].strip(), text[_SBI_ID_SIZE:]
    message = _SBI_MESSAGES.get(text.strip())
    if message is not None:
        return (
            Reading(driver="sbi", parser_version=1, raw=raw, status=message, attributes=(("identifier", identifier),)),
        )
    number, unit = text[:11], text[11:].strip()
    unverified = "[" in number
    value_text = re.sub(r"[\[\] ]", "", number)
    parsed = parse_value(value_text)
    if parsed.value is None or parsed.comparator is not None:
        return unreadable_text("sbi", 1, raw, Unread.NO_FIGURE)
    return (
        Reading(
            driver="sbi",
            parser_version=1,
            raw=raw,
            value_text=value_text,
            value=parsed.value,
            unit_text=unit,
            status=ReadingStatus.OK if unit else ReadingStatus.UNSTABLE,
            attributes=(("identifier", identifier), ("unverified_digits", str(unverified).lower())),
        ),
    )


_AIM_PREFIX = re.compile(r"\](?:[A-Za-z][0-9A-Za-z])")


def parse_scanner(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One scanned code. The AIM symbology prefix is taken off and kept; a GS between GS1 fields becomes `|`."""
    decoded = decode_text(raw.strip(b"\x02\x03"))
    text = decoded.text.strip()
    prefix = _AIM_PREFIX.match(text)
    if prefix is not None:
        text = text[prefix.end() :]
    if not text:
        return ()
    return (
        Reading(
            driver="barcode-scanner",
            parser_version=1,
            raw=raw,
            sample_text=text.replace("\x1d", "|"),
            status=ReadingStatus.NOT_AVAILABLE,  # a code is no measurement
            attributes=(("symbology", prefix[0] if prefix else ""),),
            encoding=decoded.encoding,
        ),
    )


_STD_FIELDS = 8


def parse_std9000(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """A `#` record: item, kind of food, value, unit, quantity, verdict, basis, device, time.

    Source: a string in a public program (`农药残留#蔬菜类#<5.0#%抑制率#合格#GB/T 5009.199-2003#STD-9000#time#…#|`).
    """
    decoded = decode_text(raw.removesuffix(b"#|"), ("utf-8", "gb18030"))
    fields = [field.strip() for field in decoded.text.split("#")]
    if len(fields) < _STD_FIELDS:
        return unreadable_text("std-9000", 1, raw, Unread.FIELDS_MISSING)
    item, kind, value_text, unit, verdict, basis, device, time, *others = fields
    parsed = parse_value(value_text)
    return (
        Reading(
            driver="std-9000",
            parser_version=1,
            raw=raw,
            item_text=item,
            value_text=value_text,
            value=parsed.value,
            comparator=parsed.comparator,
            unit_text=unit,
            status=parsed.status,
            verdict_text=verdict,
            measured_text=time,
            measured_at=parse_time(time),
            natural_identity=bool(time),
            attributes=(
                ("food_kind", kind),
                ("basis", basis),
                ("device", device),
                *((f"field_{at}", field) for at, field in enumerate(others, _STD_FIELDS + 1)),
            ),
            encoding=decoded.encoding,
        ),
    )
