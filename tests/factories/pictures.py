"""Real, tiny pictures."""

from io import BytesIO

from PIL import Image


def png(size: tuple[int, int] = (60, 20)) -> bytes:
    """A PNG that a layout program can read."""
    buffer = BytesIO()
    Image.new("1", size, 1).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(colour: int = 0) -> bytes:
    """A JPEG of one colour."""
    buffer = BytesIO()
    Image.new("RGB", (40, 30), (colour, 90, 120)).save(buffer, "JPEG")
    return buffer.getvalue()
