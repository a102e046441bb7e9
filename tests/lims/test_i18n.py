"""Chinese and English are complete: every string has its Chinese, none is fuzzy, and two packages never disagree."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy.orm import Session

from lims import i18n, verification
from lims.config import data_folder

ROOT = Path(__file__).parents[2]
PACKAGES = ("lims", "citizen_votes", "sampling", "chain_of_custody", "instruments", "results")
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "N_": None}
CATALOGUES = ROOT / "lims" / "translations" / "zh_CN"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
# What a reader is to type or will see on paper stands as it is.
EXAMPLES = re.compile(r"(such as|expected) .*|Fenjian 分检|║.*")


def messages_of_code() -> dict[str, str]:
    """Every translatable string and one place it stands at."""
    found = {}
    folders = [(ROOT / name, [("**.py", "python")]) for name in PACKAGES]
    folders.append((data_folder("templates"), [("**.html", "jinja2"), ("**.txt", "jinja2")]))
    options = {"**.html": {"trimmed": "true"}}
    for folder, methods in folders:
        for name, line, message, _comments, _context in extract_from_dir(folder, methods, options, KEYWORDS):
            for text in message if isinstance(message, tuple) else (message,):
                if text:
                    found[text] = f"{folder.name}/{name}:{line}"
    return found


def translations() -> dict[str, dict[str, list[str]]]:
    """Every message with its translations by catalogue."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as text:
            for message in read_po(text, locale="zh_CN"):
                if not message.id:
                    continue
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                strings = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
                for single in ids:
                    found[single][path.name] = strings
    return found


def test_every_string_has_its_chinese():
    known = translations()
    missing = sorted(
        f"{place}: {text!r}" for text, place in messages_of_code().items() if not any(map(any, known[text].values()))
    )
    assert missing == []


def test_what_is_only_stored_has_its_chinese_too(app: Flask, session: Session):
    """Invariants are named where they are checked, findings of the ledger where nothing of ours may be imported."""
    with app.app_context():
        stored = {finding.invariant for finding in verification.run_checks(session, None)}
    tree = ast.parse((ROOT / "lims/ledger/verify.py").read_text(encoding="utf8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Broken"]
    stored |= {ast.literal_eval(call.args[0]) for call in calls}
    known = translations()
    assert len(calls) > 15
    assert sorted(text for text in stored if not any(map(any, known[text].values()))) == []


def test_no_translation_is_fuzzy_or_empty():
    bad = []
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as text:
            bad += [
                f"{path.name}: {message.id!r}"
                for message in read_po(text, locale="zh_CN", abort_invalid=True)
                if message.id and (message.fuzzy or not message.string or not all(message.string))
            ]
    assert bad == []


def test_two_catalogues_never_say_the_same_differently():
    differing = {
        text: by_file
        for text, by_file in translations().items()
        if len({tuple(strings) for strings in by_file.values()}) > 1
    }
    assert differing == {}


def test_translations_keep_the_placeholders_of_the_source():
    wrong = []
    for text, by_file in translations().items():
        for name, strings in by_file.items():
            for string in strings:
                extra = set(PLACEHOLDER.findall(string)) - set(PLACEHOLDER.findall(text)) - {"num"}
                if extra:
                    wrong.append(f"{name}: {text!r} -> {string!r}")
    assert wrong == []


def test_source_strings_are_english():
    assert sorted(text for text in messages_of_code() if CHINESE.search(EXAMPLES.sub("", text))) == []


@pytest.mark.parametrize(("locale", "expected"), [("zh_Hans_CN", "登录"), ("en", "Log in")])
def test_a_string_reads_in_both_languages(locale, expected):
    assert i18n.load_translations(locale).gettext("Log in") == expected
