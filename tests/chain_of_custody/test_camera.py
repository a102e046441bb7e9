"""Pictures of codes that are sent to be decoded: what is read, what is refused, and by whom it may be asked."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from chain_of_custody.labels.contents import LabelContent, LabelSize
from chain_of_custody.labels.drawing import draw_label
from lims import symbols
from lims.errors import InvalidInputError
from lims.symbols import MAX_FRAME_BYTES, read_frame
from tests.factories.sampling import make_team
from tests.factories.web import bearer, csrf_token, log_in

CODE = "QH0000071"


def encoded(picture: Image.Image, written_in: str, **options: Any) -> bytes:
    written = BytesIO()
    picture.convert("L").save(written, written_in, **options)
    return written.getvalue()


def frame(written_in: str = "JPEG") -> bytes:
    return encoded(draw_label(LabelContent("封条", CODE, ()), LabelSize.MEDIUM), written_in)


@pytest.mark.parametrize("written_in", ["JPEG", "PNG", "WEBP"])
def test_a_frame_in_any_of_the_formats_is_decoded(written_in: str) -> None:
    assert {found.text for found in read_frame(frame(written_in))} == {CODE}


def test_a_picture_without_a_code_gives_none() -> None:
    assert read_frame(encoded(Image.new("L", (640, 480), 200), "JPEG")) == []


@pytest.mark.parametrize("sent", [b"", b"no picture at all", b"%PDF-1.7\n", frame()[:-2000], frame("PNG")[:60]])
def test_what_is_no_picture_is_refused_with_its_size(sent: bytes) -> None:
    with pytest.raises(InvalidInputError, match=f"These {len(sent)} bytes are no picture; expected a JPEG"):
        read_frame(sent)


def test_a_format_that_no_camera_sends_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no picture"):
        read_frame(encoded(Image.new("L", (8, 8)), "GIF"))


def test_too_many_bytes_and_too_many_dots_are_refused_before_they_are_opened() -> None:
    with pytest.raises(InvalidInputError, match=f"has {MAX_FRAME_BYTES + 1} bytes, expected at most {MAX_FRAME_BYTES}"):
        read_frame(b"\xff\xd8" + bytes(MAX_FRAME_BYTES - 1))
    bomb = encoded(Image.new("L", (6000, 4001)), "PNG")
    assert len(bomb) < MAX_FRAME_BYTES
    with pytest.raises(InvalidInputError, match=f"6000 × 4001 dots, expected at most {symbols.MAX_FRAME_PIXELS}"):
        read_frame(bomb)


@pytest.mark.parametrize("office", ["custodian", "tester"])
def test_a_page_sends_a_frame_and_is_told_the_code(client, session, office):
    somebody = getattr(make_team(), office)
    client.set_cookie("lims_locale", "en")
    log_in(client, somebody)
    token = {"X-CSRFToken": csrf_token(client, "/me")}
    read = client.post("/scan/frame", data=frame(), content_type="image/jpeg", headers=token)
    assert read.status_code == 200
    assert {found["text"] for found in read.json["codes"]} == {CODE}
    refused = client.post("/scan/frame", data=b"scribble", content_type="image/jpeg", headers=token)
    assert (refused.status_code, "These 8 bytes are no picture" in refused.text) == (422, True)


def test_a_frame_without_a_login_or_a_token_is_not_looked_at(client, session):
    assert client.post("/scan/frame", data=frame(), content_type="image/jpeg").status_code in {302, 400}
    assert client.post("/api/v1/symbol-readings", data=frame(), content_type="image/jpeg").status_code == 401
    log_in(client, make_team().custodian)
    assert client.post("/scan/frame", data=frame(), content_type="image/jpeg").status_code == 400


def test_a_program_sends_a_picture_and_is_told_every_code(client, session):
    sender = bearer(make_team().samplers[0])
    read = client.post("/api/v1/symbol-readings", data=frame("PNG"), content_type="image/png", headers=sender)
    assert {(found["text"], found["symbology"]) for found in read.json["codes"]} == {
        (CODE, "Code128"),
        (CODE, "QRCode"),
    }
    refused = client.post("/api/v1/symbol-readings", data=b"", content_type="image/png", headers=sender)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_input")
