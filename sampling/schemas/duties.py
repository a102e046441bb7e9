"""Sides of a plan, and who could take one."""

import marshmallow as ma

from lims.auth.permissions import Role
from lims.web.schemas import StrictSchema
from sampling.schemas.fields import maybe, name_field
from sampling.types import Side


class DutyOut(ma.Schema):
    """A side taken by a person in a plan, or by a company group in one category of it."""

    person_id = ma.fields.UUID(required=True, allow_none=True)
    party_id = ma.fields.UUID(required=True, allow_none=True)
    category_id = ma.fields.UUID(required=True, allow_none=True)
    name = ma.fields.String(required=True)
    side = ma.fields.Enum(Side, by_value=True, required=True)
    claimed_at = ma.fields.AwareDateTime(required=True)
    acts = ma.fields.Integer(required=True)
    visits = ma.fields.Integer(required=True)
    is_unused = ma.fields.Boolean(required=True)


class DutiesOut(ma.Schema):
    """The sides of a plan."""

    items = ma.fields.List(ma.fields.Nested(DutyOut), required=True)


class DutyKeyIn(StrictSchema):
    """Whose side: a person's, or a company group's in a category."""

    person_id = maybe(ma.fields.UUID)
    party_id = maybe(ma.fields.UUID)
    category_id = maybe(ma.fields.UUID)


class DutyReleaseOut(ma.Schema):
    """A side that was given back."""

    plan_id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True, allow_none=True)
    party_id = ma.fields.UUID(required=True, allow_none=True)
    category_id = ma.fields.UUID(required=True, allow_none=True)
    released_at = ma.fields.AwareDateTime(required=True)


class TeamIn(StrictSchema):
    """For which major category."""

    category_code = name_field(required=True, min_length=1)


class TeamMemberOut(ma.Schema):
    """Somebody who could be sent; `why_not` says in words what speaks against it."""

    person_id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    role = ma.fields.Enum(Role, by_value=True, required=True)
    is_free = ma.fields.Boolean(required=True)
    why_not = ma.fields.Function(lambda one: str(one.why_not) if one.why_not else None, required=True)


class TeamOut(ma.Schema):
    """Who could be sent."""

    items = ma.fields.List(ma.fields.Nested(TeamMemberOut), required=True)
