"""ASTM E1394 (LIS02-A2) records: from a complete message to one reading per result record."""

from dataclasses import dataclass
from functools import partial

from instruments.parsing.values import parse_time, parse_value, unreadable_text
from instruments.types import Reading, ReadingStatus, Settings, Unread
from lims.tables import decode_text

_SHORTEST_HEADER = 5  # H and four delimiters
_RESULT_STATES = {
    "X": ReadingStatus.INVALID,  # could not be done
    "I": ReadingStatus.UNSTABLE,  # pending
}
_KNOWN_RECORDS = frozenset("HPORCMQSL")
_RANGE_FLAGS = {"<": ReadingStatus.UNDER, ">": ReadingStatus.OVER}


@dataclass(frozen=True, slots=True)
class Delimiters:
    r"""The four delimiters, as the header record declares them (GeneXpert: `|@^\`)."""

    field: str = "|"
    repeat: str = "\\"
    component: str = "^"
    escape: str = "&"

    @classmethod
    def of(cls, header: str) -> "Delimiters":
        """Those of a header record; the second may be missing before the field delimiter comes again."""
        declared = header[1:_SHORTEST_HEADER]
        field = declared[:1] or "|"
        others = declared[1:].split(field)[0]
        return cls(field, *(others[at] if at < len(others) else default for at, default in enumerate("\\^&")))

    def unescape(self, text: str) -> str:
        """Escape sequences `&F&`, `&S&`, `&R&`, `&E&` back into what they stand for."""
        if self.escape not in text:
            return text
        for name, delimiter in (("F", self.field), ("S", self.component), ("R", self.repeat)):
            text = text.replace(f"{self.escape}{name}{self.escape}", delimiter)
        return text.replace(f"{self.escape}E{self.escape}", self.escape)


def parse_message(raw: bytes, settings: Settings, *, driver: str) -> tuple[Reading, ...]:
    """One reading for every R record of a message from H to L.

    The sample is the specimen of the order record before (O-3, else O-4). Comments and manufacturer records belong to
    the record before them and become attributes of its reading. R records say nothing about their specimen alone, so a
    result without an order has no sample text and will be quarantined. So are a record of an unknown kind and a message
    that names a specimen and gives no result.

    Source: CLSI LIS02-A2; the cobas e 411 host manual for the escapes.
    """
    decoded = decode_text(raw, _encodings(settings))
    records = [line for line in decoded.text.replace("\n", "\r").split("\r") if line.strip()]
    if not records or records[0][:1] != "H":
        return ()
    delimiters = Delimiters.of(records[0])
    device = _component(_field(records[0].split(delimiters.field), 5), delimiters)
    readings: list[Reading] = []
    order: list[str] = []
    for at, record in enumerate(records):
        fields = record.split(delimiters.field)
        if record[:1] == "O":
            order = fields
        elif record[:1] == "P":
            order = []
        elif record[:1] == "R":
            notes = _notes(records[at + 1 :], delimiters)
            readings.append(
                _result(
                    record,
                    fields,
                    order,
                    delimiters,
                    driver=driver,
                    device=device,
                    notes=notes,
                    encoding=decoded.encoding,
                )
            )
        elif record[:1] not in _KNOWN_RECORDS:
            readings += unreadable_text(driver, 1, record.encode(decoded.encoding), Unread.UNKNOWN_RECORD)
    if not readings and any(record[:1] == "O" for record in records):
        readings += unreadable_text(driver, 1, raw, Unread.NO_RESULT)
    return tuple(readings)


parse_link_message = partial(parse_message, driver="astm-e1394")
parse_bare_message = partial(parse_message, driver="astm-records")


def _result(
    record: str,
    fields: list[str],
    order: list[str],
    delimiters: Delimiters,
    *,
    driver: str,
    device: str,
    notes: tuple[tuple[str, str], ...],
    encoding: str,
) -> Reading:
    item = _item(_field(fields, 3), delimiters)
    value_text = delimiters.unescape(_field(fields, 4).strip())
    flags = delimiters.unescape(_field(fields, 7))
    parsed = parse_value(value_text)
    status = _RESULT_STATES.get(_field(fields, 9).strip(), parsed.status)
    if status is ReadingStatus.OK and parsed.comparator is None:
        status = _RANGE_FLAGS.get(flags.strip()[:1], status)
    time = (_field(fields, 13) or _field(fields, 12)).strip()
    specimen = _field(order, 3) or _field(order, 4)
    return Reading(
        driver=driver,
        parser_version=1,
        raw=record.encode(encoding),
        item_text=item,
        sample_text=_specimen(specimen, delimiters),
        value_text=value_text,
        value=parsed.value,
        comparator=parsed.comparator,
        unit_text=delimiters.unescape(_field(fields, 5).strip()),
        status=status,
        verdict_text=flags.strip(),
        measured_text=time,
        measured_at=parse_time(time),
        record_no=_field(fields, 2).strip(),
        quality_control=_field(order, 12).strip() == "Q",
        natural_identity=True,  # a message that is sent again says the same; its header time is not part of a reading
        attributes=(
            ("device", device),
            ("test_id", delimiters.unescape(_field(fields, 3))),
            ("specimen", delimiters.unescape(specimen)),
            ("range", delimiters.unescape(_field(fields, 6))),
            ("result_status", _field(fields, 9).strip()),
            *notes,
        ),
        encoding=encoding,
    )


def _encodings(settings: Settings) -> tuple[str, ...]:
    declared = settings.get("encoding")
    return (declared,) if declared else ("ascii", "utf-8", "gb18030")


def _field(fields: list[str], number: int) -> str:
    """Field by its number in the standard: R-4 is the fourth counting the record type as the first."""
    return fields[number - 1] if len(fields) >= number else ""


def _component(field: str, delimiters: Delimiters) -> str:
    return delimiters.unescape(" ".join(part.strip() for part in field.split(delimiters.component) if part.strip()))


def _item(field: str, delimiters: Delimiters) -> str:
    """The manufacturer's test code: the first component that is not empty (`^^^413` is 413)."""
    parts = (part.strip() for part in field.split(delimiters.component))
    return delimiters.unescape(next((part for part in parts if part), ""))


def _specimen(field: str, delimiters: Delimiters) -> str:
    """The specimen: the only component that is a code. Rack and position are numbers behind it (`T20^^6`)."""
    parts = [part.strip() for part in field.split(delimiters.component)]
    return delimiters.unescape(next((part for part in parts if part), ""))


def _notes(records: list[str], delimiters: Delimiters) -> tuple[tuple[str, str], ...]:
    notes: list[tuple[str, str]] = []
    for record in records:
        if record[:1] not in {"C", "M"}:
            break
        kind = "comment" if record[:1] == "C" else "manufacturer"
        text = delimiters.unescape(delimiters.field.join(record.split(delimiters.field)[2:]))
        notes.append((f"{kind}_{len(notes) + 1}", text))
    return tuple(notes)
