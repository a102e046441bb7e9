"""What the API of custody takes and gives; every field is listed because what is told is a decision."""

from typing import Any

import marshmallow as ma

from chain_of_custody.forms import MAX_NUMBER, MAX_SENTENCE
from chain_of_custody.services.hand_overs import MAX_LINES
from chain_of_custody.services.label_blocks import MAX_BLOCK
from chain_of_custody.types import (
    Blindness,
    CustodyKind,
    ExceptionKind,
    HandOverState,
    HandOverWay,
    LineOutcome,
    PlaceLevel,
    PortionKind,
    UnblindingOffice,
    UnblindingOutcome,
)
from lims.numbering import NumberFate
from lims.web.api import MeasuredField
from lims.web.paging import CursorIn, PageOut
from lims.web.schemas import Count, NoteIn, StrictSchema, Text, TwoPersonRequestOut
from sampling.schemas.fields import Base64Field, instant_field
from sampling.types import SampleState, StorageCondition


class SealsIn(StrictSchema):
    """The number on the seal of each portion, and of its label where that was printed in advance."""

    test_seal_no = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    backup_seal_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)
    test_label_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)
    backup_label_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)


class LabelBlockIn(StrictSchema):
    """How many labels are to be printed in advance."""

    count = Count(required=True, minimum=1, maximum=MAX_BLOCK)


class LabelBlockOut(ma.Schema):
    """A block of pre-printed labels, and how many of them are used, spoiled and left."""

    id = ma.fields.UUID(required=True)
    first_no = ma.fields.String(required=True)
    last_no = ma.fields.String(required=True)
    count = ma.fields.Integer(required=True)
    used = ma.fields.Integer(required=True)
    spoiled = ma.fields.Integer(required=True)
    left = ma.fields.Integer(required=True)
    taken_by_id = ma.fields.UUID(required=True)
    taken_at = ma.fields.AwareDateTime(required=True)


class LabelBlocksOut(PageOut):
    """The blocks of one's organisation, the newest first."""

    items = ma.fields.List(ma.fields.Nested(LabelBlockOut), required=True)


class BlockLabelOut(ma.Schema):
    """One label: `leased` while nobody used it, `used` on a portion, `void` with the reason."""

    label_no = ma.fields.String(required=True)
    fate = ma.fields.Enum(NumberFate, by_value=True, required=True)
    reason = ma.fields.String(required=True, allow_none=True)


class OneLabelBlockOut(LabelBlockOut):
    """As `LabelBlockOut`, with every label."""

    labels = ma.fields.List(ma.fields.Nested(BlockLabelOut), required=True)


class SpoiledLabelIn(StrictSchema):
    """A label that will be on no portion, and why."""

    label_no = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    reason = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class PortionOut(ma.Schema):
    """One sealed portion and who holds it."""

    id = ma.fields.UUID(required=True, attribute="portion_id")
    sample_id = ma.fields.UUID(required=True)
    sampling_no = ma.fields.String(required=True)
    portion_no = ma.fields.String(required=True)
    kind = ma.fields.Enum(PortionKind, by_value=True, required=True)
    quantity = MeasuredField(required=True)
    quantity_unit = ma.fields.String(required=True)
    seal_no = ma.fields.String(required=True)
    sealed_at = ma.fields.AwareDateTime(required=True)
    product_name = ma.fields.String(required=True)
    storage_condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)
    holder_id = ma.fields.UUID(required=True)
    organisation_id = ma.fields.UUID(required=True)


class StepOut(ma.Schema):
    """One step of a portion's way."""

    portion_no = ma.fields.String(required=True)
    seq = ma.fields.Integer(required=True)
    kind = ma.fields.Enum(CustodyKind, by_value=True, required=True)
    holder_id = ma.fields.UUID(required=True)
    organisation_id = ma.fields.UUID(required=True)
    record_no = ma.fields.String(required=True, allow_none=True)
    consignment_no = ma.fields.String(required=True, allow_none=True)
    at = ma.fields.AwareDateTime(required=True)


class PortionsOut(ma.Schema):
    """The portions of a sample and their way, as far as one may follow it."""

    portions = ma.fields.List(ma.fields.Nested(PortionOut), required=True)
    trail = ma.fields.List(ma.fields.Nested(StepOut), required=True)


class FindIn(ma.Schema):
    """What was scanned."""

    code = Text(required=True, min_length=1, max_length=MAX_NUMBER)


class FoundOut(PortionOut):
    """A portion that was found, where it stands and how it came there."""

    state = ma.fields.Enum(SampleState, by_value=True, required=True)
    place = ma.fields.List(ma.fields.String(), required=True)
    trail = ma.fields.List(ma.fields.Nested(StepOut), required=True)


class HandOverIn(StrictSchema):
    """Portions to be offered to their laboratory, or given to a carrier by consignment number."""

    portion_nos = ma.fields.List(
        Text(min_length=1, max_length=MAX_NUMBER), required=True, validate=ma.validate.Length(1, MAX_LINES)
    )
    to_organisation_id = ma.fields.UUID(required=True)
    consignment_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)
    box_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)
    ice_packs = Count(minimum=0, maximum=200, allow_none=True, load_default=None)
    ice_placed_at = instant_field(allow_none=True, load_default=None)
    box_photo = Base64Field(allow_none=True, load_default=None)


class LineOut(ma.Schema):
    """One portion of a list and what the receiver found."""

    portion_no = ma.fields.String(required=True)
    sample_id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(PortionKind, by_value=True, required=True)
    seal_no = ma.fields.String(required=True)
    storage_condition = ma.fields.Enum(StorageCondition, by_value=True, required=True)
    outcome = ma.fields.Enum(LineOutcome, by_value=True, required=True, allow_none=True)


class ExceptionOut(ma.Schema):
    """Something that did not match."""

    id = ma.fields.UUID(required=True)
    hand_over_id = ma.fields.UUID(required=True)
    kind = ma.fields.Enum(ExceptionKind, by_value=True, required=True)
    scanned = ma.fields.String(required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    resolved_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    resolution = ma.fields.String(required=True, allow_none=True)


def _hex(shown: Any) -> str | None:
    stored = shown["box_photo_sha256"] if isinstance(shown, dict) else shown.box_photo_sha256
    return None if stored is None else stored.hex()


class HandOverOut(ma.Schema):
    """A hand-over."""

    id = ma.fields.UUID(required=True)
    record_no = ma.fields.String(required=True)
    way = ma.fields.Enum(HandOverWay, by_value=True, required=True)
    consignment_no = ma.fields.String(required=True, allow_none=True)
    state = ma.fields.Enum(HandOverState, by_value=True, required=True)
    offered_by_id = ma.fields.UUID(required=True)
    offered_at = ma.fields.AwareDateTime(required=True)
    from_organisation_id = ma.fields.UUID(required=True)
    to_organisation_id = ma.fields.UUID(required=True)
    taken_by_id = ma.fields.UUID(required=True, allow_none=True)
    ended_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    celsius = MeasuredField(required=True, allow_none=True)
    box_no = ma.fields.String(required=True, allow_none=True)
    ice_packs = ma.fields.Integer(required=True, allow_none=True)
    ice_placed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    box_photo_sha256 = ma.fields.Function(
        _hex, metadata={"type": "string", "nullable": True, "pattern": "^[0-9a-f]{64}$"}
    )


class HandOverDetailOut(HandOverOut):
    """A hand-over with its list and what did not match."""

    lines = ma.fields.List(ma.fields.Nested(LineOut), required=True)
    exceptions = ma.fields.List(ma.fields.Nested(ExceptionOut), required=True)


class HandOversIn(CursorIn):
    """Which page of the hand-overs, and of which state."""

    state = ma.fields.Enum(HandOverState, by_value=True)


class HandOversOut(PageOut):
    """A page of hand-overs."""

    items = ma.fields.List(ma.fields.Nested(HandOverOut), required=True)


class ScanIn(StrictSchema):
    """One portion as its receiver scanned it and looked at its seal."""

    portion_no = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    seal_intact = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    seal_no = Text(min_length=1, max_length=MAX_NUMBER, allow_none=True, load_default=None)


class Celsius(MeasuredField):
    """A temperature of food in °C."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        measured = super()._deserialize(value, attr, data, **kwargs)
        if not -200 < measured < 200:  # noqa: PLR2004 - no refrigerator and no kitchen reaches either
            raise ma.ValidationError(f"{measured} °C is no temperature of food.")
        return measured


class ConfirmationIn(StrictSchema):
    """What arrived."""

    scans = ma.fields.List(ma.fields.Nested(ScanIn), required=True, validate=ma.validate.Length(1, MAX_LINES))
    celsius = Celsius(allow_none=True, load_default=None)


class ResolutionIn(StrictSchema):
    """How something that did not match was cleared up."""

    resolution = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class ReceptionIn(StrictSchema):
    """The six checks of 样品移交确认单, and the decision."""

    seal_intact = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    packaging_intact = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    quantity_sufficient = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    condition_normal = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    papers_complete = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    papers_match = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    accepted = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    refusal_reason = Text(max_length=MAX_SENTENCE, allow_none=True, load_default=None)


class ReceptionOut(ma.Schema):
    """What the laboratory wrote down at reception."""

    sample_id = ma.fields.UUID(required=True)
    lab_id = ma.fields.UUID(required=True)
    checked_by_id = ma.fields.UUID(required=True)
    checked_at = ma.fields.AwareDateTime(required=True)
    seal_intact = ma.fields.Boolean(required=True)
    packaging_intact = ma.fields.Boolean(required=True)
    quantity_sufficient = ma.fields.Boolean(required=True)
    condition_normal = ma.fields.Boolean(required=True)
    papers_complete = ma.fields.Boolean(required=True)
    papers_match = ma.fields.Boolean(required=True)
    accepted = ma.fields.Boolean(required=True)
    refusal_reason = ma.fields.String(required=True, allow_none=True)


class GivingUpIn(StrictSchema):
    """Why an accepted sample cannot be tested."""

    reason = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class GivingUpOut(ma.Schema):
    """A sample that ended before its test."""

    sample_id = ma.fields.UUID(required=True)
    state = ma.fields.Enum(SampleState, by_value=True, required=True)
    reason = ma.fields.String(required=True)


class BlindCodeIn(StrictSchema):
    """How blind the parcel itself is."""

    blindness = ma.fields.Enum(Blindness, by_value=True, required=True)


class BlindCodeOut(ma.Schema):
    """The only name of a test portion on the bench."""

    sample_id = ma.fields.UUID(required=True)
    portion_id = ma.fields.UUID(required=True)
    code = ma.fields.String(required=True)
    blindness = ma.fields.Enum(Blindness, by_value=True, required=True)
    coded_at = ma.fields.AwareDateTime(required=True)


class RelabelIn(BlindCodeIn):
    """Another blind code for a portion, and why."""

    reason = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class UnblindingIn(StrictSchema):
    """The blind code whose sample must be known at once, and the emergency."""

    code = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    reason = Text(required=True, min_length=1, max_length=MAX_SENTENCE)


class UnblindingDecisionIn(NoteIn):
    """What the second office decides."""

    opens = ma.fields.Boolean(required=True, truthy={True}, falsy={False})


class OpenedSampleOut(ma.Schema):
    """Whose sample a blind code is."""

    sample_id = ma.fields.UUID(required=True)
    sampling_no = ma.fields.String(required=True)
    product_name = ma.fields.String(required=True, allow_none=True)
    party_name = ma.fields.String(required=True, allow_none=True)
    party_address = ma.fields.String(required=True, allow_none=True)
    producer_name = ma.fields.String(required=True, allow_none=True)
    sampled_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class UnblindingOut(TwoPersonRequestOut):
    """A request to unblind; `opened` says whose sample it is, to the two who opened it and to nobody else."""

    code = ma.fields.String(required=True)
    requested_as = ma.fields.Enum(UnblindingOffice, by_value=True, required=True)
    decided_as = ma.fields.Enum(UnblindingOffice, by_value=True, required=True, allow_none=True)
    outcome = ma.fields.Enum(UnblindingOutcome, by_value=True, required=True, allow_none=True)


class UnblindingsOut(PageOut):
    """Requests to unblind, the newest first."""

    items = ma.fields.List(ma.fields.Nested(UnblindingOut), required=True)


class OneUnblindingOut(UnblindingOut):
    """As `UnblindingOut`, with whose sample it is."""

    opened = ma.fields.Nested(OpenedSampleOut, required=True, allow_none=True)


class MoveIn(StrictSchema):
    """A portion was put into a place; both were scanned."""

    portion_no = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    place_code = Text(required=True, min_length=1, max_length=MAX_NUMBER)


class MoveOut(ma.Schema):
    """Where a portion was put."""

    id = ma.fields.UUID(required=True)
    portion_id = ma.fields.UUID(required=True)
    place_id = ma.fields.UUID(required=True)
    moved_by_id = ma.fields.UUID(required=True)
    moved_at = ma.fields.AwareDateTime(required=True)


class PlaceIn(StrictSchema):
    """A new place in the storage tree."""

    code = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    name = Text(required=True, min_length=1, max_length=MAX_NUMBER)
    level = ma.fields.Enum(PlaceLevel, by_value=True, required=True)
    parent_id = ma.fields.UUID(allow_none=True, load_default=None)


class PlaceOut(ma.Schema):
    """A place of the storage tree."""

    id = ma.fields.UUID(required=True)
    parent_id = ma.fields.UUID(required=True, allow_none=True)
    level = ma.fields.Enum(PlaceLevel, by_value=True, required=True)
    code = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
