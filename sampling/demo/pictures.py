"""Small pictures for the demonstration: photos that differ, and signatures drawn by different hands."""

import math
import random
from io import BytesIO

from PIL import Image, ImageDraw

PHOTO_SIZE, SIGNATURE_SIZE = (160, 120), (300, 100)
INK = 0


def photo(rng: random.Random, caption: str) -> bytes:
    """A JPEG of a shelf as a child would paint it, with an ASCII caption in the corner."""
    width, height = PHOTO_SIZE
    wall = tuple(rng.randrange(170, 235) for _ in range(3))
    image = Image.new("RGB", PHOTO_SIZE, wall)
    draw = ImageDraw.Draw(image)
    for row in range(3):
        board = 34 + row * 30
        draw.rectangle((0, board, width, board + 3), fill=(120, 92, 60))
        left = rng.randrange(4, 16)
        while left < width - 12:
            wide, tall = rng.randrange(8, 22), rng.randrange(10, 24)
            colour = tuple(rng.randrange(40, 220) for _ in range(3))
            draw.rectangle((left, board - tall, left + wide, board - 1), fill=colour)
            left += wide + rng.randrange(2, 8)
    draw.rectangle((0, height - 14, width, height), fill=(20, 20, 20))
    draw.text((3, height - 13), caption, fill=(240, 240, 240))
    return _encoded(image, "JPEG", quality=50)


def signature(rng: random.Random, name: str) -> bytes:
    """A PNG of a name as one person writes it: the same hand each time, never twice the same strokes."""
    hand = random.Random(name)  # noqa: S311 - the hand belongs to the name; only its tremor is chance
    image = Image.new("1", SIGNATURE_SIZE, 1)
    draw = ImageDraw.Draw(image)
    left = 24.0
    for _character in name:
        for _stroke in range(hand.randrange(4, 7)):
            x, y = left + hand.random() * 46, 22 + hand.random() * 50
            angle, length, bend = hand.random() * math.tau, 18 + hand.random() * 34, hand.uniform(-0.5, 0.5)
            points = []
            for _step in range(7):
                points.append((x + rng.uniform(-1, 1), y + rng.uniform(-1, 1)))
                angle += bend
                x, y = x + math.cos(angle) * length / 6, y + math.sin(angle) * length / 6
            draw.line(points, fill=INK, width=3, joint="curve")
        left += 62
    return _encoded(image, "PNG", optimize=False)


def _encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
