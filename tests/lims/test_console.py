"""click refuses in the language of the person, and no refusal of it is left in English alone."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from lims.console import CATALOGUE, MODULES
from lims.i18n import CATALOGUES

# What click says elsewhere than in a refusal: headings of the help, and mistakes of whoever wrote the command.
NOT_REFUSALS = re.compile(
    r"deprecated|Options|Positional arguments|Commands|file|directory|path|env var: .*|default: .*|\(dynamic\)"
    r"|DeprecationWarning.*|Name '.*' defined twice|Boolean option .*|Could not determine name.*"
    r"|No options defined.*|Arguments take exactly.*|Confirm the action.*|%\(prog\)s.*|Show .* and exit\."
    r"|Invalid start character.*|Press any key.*|Unknown color.*|Unknown standard stream.*|Choice\(.*"
)
FIELD = re.compile(r"\{(\w+)(?:!r)?\}")


def chinese() -> dict[str, str]:
    with (CATALOGUES / "zh_CN" / CATALOGUE).open("rb") as text:
        catalogue = read_po(text, locale="zh_CN")
    found = {}
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        string = message.string if isinstance(message.string, str) else message.string[0]
        found |= dict.fromkeys(filter(None, ids), string)
    return found


def test_every_refusal_of_click_has_its_chinese():
    folder, spoken = Path(click.__file__).parent, {f"{module.__name__.partition('.')[2]}.py" for module in MODULES}
    said = set()
    for name, _line, message, _comments, _context in extract_from_dir(folder, [("**.py", "python")]):
        if name in spoken:
            said |= set(message if isinstance(message, tuple) else (message,))
    assert len(said) > 40
    assert sorted(text for text in said if text not in chinese() and not NOT_REFUSALS.fullmatch(text)) == []


def test_no_chinese_of_click_asks_for_a_field_that_is_not_given():
    plural = {"{len}", "{possibilities}", "{nargs}", "{choices}", "{formats}"}
    for text, string in chinese().items():
        assert {f"{{{name}}}" for name in FIELD.findall(string)} <= {f"{{{n}}}" for n in FIELD.findall(text)} | plural


@pytest.mark.parametrize(
    ("locale", "arguments", "words"),
    [
        ("zh_CN", ["--bogus"], ["用法：", "错误：没有选项 '--bogus'。"]),
        ("zh_CN", ["instruments", "decode", "--driver", "mt-sics"], ["用法：", "错误：缺少参数 'FILE'"]),
        (
            "zh_CN",
            ["instruments", "simulate", "--driver", "mt-sics", "--port", "p", "--chance", "7"],
            ["错误：'--chance' 的值无效：7.0 不在范围 0<=x<=1 之内。"],
        ),
        ("zh_CN", ["instruments", "decode", "--driver", "mt-sics", "/nowhere"], ["'/nowhere' 不存在。"]),
        ("en", ["instruments", "decode", "--driver", "mt-sics"], ["Usage:", "Error: Missing argument 'FILE'."]),
    ],
)
def test_the_console_script_refuses_in_the_language_of_the_person(
    tmp_path: Path, locale: str, arguments: list[str], words: list[str]
):
    run = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env={"LIMS_LOCALE": locale, "LIMS_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert all(word in run.stderr for word in words), run.stderr
