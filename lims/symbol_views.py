"""Pictures of codes, decoded for browsers and programs that cannot."""

# mypy: disallow-untyped-decorators=False
# flask-smorest ships decorators without types.
from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from lims.auth.permissions import LOGGED_IN, requires
from lims.symbols import read_frame
from lims.web.api import ApiBlueprint

bp = Blueprint("symbols", __name__)
blp = ApiBlueprint("symbols_api", __name__, url_prefix="/api/v1", description="Codes in pictures")

PICTURES = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/jpeg", "image/png", "image/webp")
}


class FoundCodeOut(ma.Schema):
    """One code found in a picture."""

    text = ma.fields.String(required=True)
    symbology = ma.fields.String(required=True)


class FoundCodesOut(ma.Schema):
    """Every code found in a picture, in reading order; none when there is none."""

    codes = ma.fields.List(ma.fields.Nested(FoundCodeOut), required=True)


def _read() -> Mapping[str, Any]:
    frame = request.get_data() if request.content_length else b""
    dumped: Mapping[str, Any] = FoundCodesOut().dump({"codes": read_frame(frame)})
    return dumped


@bp.route("/scan/frame", methods=["POST"])
@requires(LOGGED_IN)
def read_camera() -> ResponseReturnValue:
    """The codes in a frame of the camera, for a page whose browser found none; what is looked for stays unknown."""
    return dict(_read())


@blp.route("/symbol-readings", methods=["POST"])
@requires(LOGGED_IN)
@blp.doc(requestBody={"required": True, "content": PICTURES})
@blp.response(200, FoundCodesOut)
@blp.refuses(401, 422)
def read_picture() -> Any:
    """The codes in a picture (JPEG, PNG or WebP, at most 4 MiB and 24 million dots), which is not kept."""
    return _read()
