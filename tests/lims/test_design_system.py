"""The design system keeps what it promises: contrast, no inline code, one sprite, files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "lims" / "static"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FILED = "separation_file.html"  # a document that is downloaded and filed, so it carries its looks with it
PAGES = [path for path in TEMPLATES if path.name != FILED]
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3 (AA)
EDGE_CONTRAST = 3.0  # 1.4.11: what shows where a control is
TOKENS = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", (STATIC / "css" / "tokens.css").read_text("utf-8")))
TONES = ("neutral", "info", "active", "good", "warn", "bad", "blind")
GROUNDS = ("paper", "surface", "sunken")
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "img" / "icons.svg").read_text("utf-8")))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_PAIRS = [
    *[(text, ground) for text in ("ink", "ink-2", "ink-3", "brand") for ground in GROUNDS],
    *[(f"{tone}-fg", f"{tone}-bg") for tone in TONES],
    *[(f"{tone}-fg", "surface") for tone in TONES],
    *[("ink", f"{tone}-bg") for tone in TONES],
    *[("on-brand", ground) for ground in ("brand", "brand-strong", "bad-fg", "seal")],
    ("brand-strong", "brand-soft"),
    ("ink-3", "brand-soft"),  # the hint on a chosen card
    ("seal", "surface"),
]


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_every_ground_it_stands_on(text, ground):
    assert contrast(text, ground) >= TEXT_CONTRAST


@pytest.mark.parametrize("edge", ["line-strong", "brand", "focus", "bad-fg", "seal"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_the_edge_of_a_control_can_be_seen(edge, ground):
    assert contrast(edge, ground) >= EDGE_CONTRAST


@pytest.mark.parametrize("template", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_holds_no_inline_script_style_or_handler(template):
    text = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script\b[^>]*>", text))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_icon_a_template_names_is_in_the_sprite(template):
    text = template.read_text("utf-8")
    named = re.findall(r'\b(?:icon=|draw\(|icon\()"([a-z-]+)"', text)
    assert set(named) <= SPRITE


def test_every_static_file_a_template_names_exists():
    named = {
        name for template in TEMPLATES for name in re.findall(r"static_url\('([^'~]+)'\)", template.read_text("utf-8"))
    }
    assert named
    assert [name for name in sorted(named) if not (STATIC / name).is_file()] == []


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_uses_only_tokens_that_are_named_and_fetches_nothing(sheet):
    text = sheet.read_text("utf-8")
    known = re.findall(r"(--[\w-]+):", (STATIC / "css" / "tokens.css").read_text("utf-8"))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= set(known)
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("{") == text.count("}")


def test_every_class_a_component_uses_is_styled():
    """A misspelt class is a component without its look."""
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(p.read_text("utf-8") for p in (STATIC / "css").glob("*.css"))))
    frame = [*(ROOT / "templates" / "components").glob("*.html"), *(ROOT / "templates" / "layout").rglob("*.html")]
    used = {
        name
        for template in frame
        for found in re.findall(r'class="([^"{]+)"', template.read_text("utf-8"))
        for name in found.split()
    }
    assert used - styled == set()


def test_nothing_in_the_static_folder_comes_from_elsewhere():
    addresses = {
        address
        for path in STATIC.rglob("*")
        if path.suffix in {".css", ".js", ".svg", ".webmanifest"}
        for address in re.findall(r"https?://[\w./-]+", path.read_text("utf-8"))
    }
    assert addresses <= {"http://www.w3.org/2000/svg"}
