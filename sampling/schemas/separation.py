"""The proof of separation as JSON."""

import marshmallow as ma

from sampling.types import SeparationMode


class ModeFiguresOut(ma.Schema):
    """What happened in one mode; `exceptions` must be zero."""

    mode = ma.fields.Enum(SeparationMode, by_value=True, required=True)
    categories = ma.fields.Integer(required=True)
    samples = ma.fields.Integer(required=True)
    acts = ma.fields.Integer(required=True)
    persons = ma.fields.Integer(required=True)
    parties = ma.fields.Integer(required=True)
    refused = ma.fields.Integer(required=True)
    exceptions = ma.fields.Integer(required=True)


class LedgerHeadOut(ma.Schema):
    """The newest signed head of the ledger."""

    events = ma.fields.Integer(required=True)
    signed = ma.fields.Integer(required=True)
    note = ma.fields.String(required=True, allow_none=True)
    made_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class ViolationOut(ma.Schema):
    """Where an invariant is violated."""

    table = ma.fields.String(required=True)
    key = ma.fields.String(required=True)
    column = ma.fields.String(required=True)


class InvariantOut(ma.Schema):
    """One invariant, how many rows it was proved of, and what violates it, with the first few places."""

    invariant = ma.fields.String(required=True)
    checked = ma.fields.Integer(required=True)
    violations = ma.fields.Integer(required=True)
    examples = ma.fields.List(ma.fields.Nested(ViolationOut), required=True)


class SeparationOut(ma.Schema):
    """Separation proved over the whole database at one instant."""

    made_at = ma.fields.AwareDateTime(required=True, attribute="occasion.made_at")
    installation = ma.fields.String(required=True, attribute="occasion.installation")
    ledger = ma.fields.Nested(LedgerHeadOut, required=True, attribute="head")
    modes = ma.fields.List(ma.fields.Nested(ModeFiguresOut), required=True)
    invariants = ma.fields.List(ma.fields.Nested(InvariantOut), required=True, attribute="findings")
    exceptions = ma.fields.Integer(required=True)
