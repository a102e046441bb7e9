"""Papers: typst templates filled with plain data, the same bytes for the same data.

A package describes each of its papers by a frozen dataclass in its `papers` module and lays it out in
`templates/<package>/papers/*.typ`; what papers share stands in `templates/layout/papers/`. Data reach a template only
as JSON in `sys.inputs`, so nothing a person typed is ever read as markup.
"""

import dataclasses
import importlib.util
import json
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import structlog
import typst

from lims.clock import LOCAL_ZONE
from lims.config import data_folder

FONT_PACKAGE = "pylopdf_fonts_zh_cn"  # Noto Sans SC and Noto Serif SC; without it a Noto CJK of the system serves
SYSTEM_FONTS = Path("/usr/share/fonts")
ARCHIVAL: "list[typst.PDFStandard]" = ["ua-1", "a-3a"]  # readable aloud, and still readable in thirty years
UNDATED = date(2000, 1, 1)  # a PDF must carry a date; a paper without one of its own gets this, never today's
CONTROL_CHARACTERS = {code: None for code in [*range(0x20), *range(0x7F, 0xA0)] if code not in (0x09, 0x0A)}

PaperT = TypeVar("PaperT")

logger = structlog.get_logger(__name__)
_local = threading.local()


class PaperError(RuntimeError):
    """A paper cannot be laid out: its template is wrong, or does not fit its data."""


def render_pdf(template: str, data: object, *, dated: date | None = None) -> bytes:
    """Lay out one paper as PDF/UA-1 and PDF/A-3a.

    A name with a character that no font has, or one that is not for interchange, cannot stand in an archival file; the
    paper is then written as an ordinary PDF, because a form that cannot be printed stops the work at the stall.

    Args:
        template: path below `templates/`, as `sampling/papers/sampling_form.typ`.
        data: a mapping, or the dataclass of the paper; None prints as `/`.
        dated: the date the file carries in its properties; by default none that says anything.

    Raises:
        PaperError: the template does not exist or does not fit the data.
    """
    stamp = datetime.combine(dated or UNDATED, datetime.min.time(), tzinfo=UTC)
    try:
        return _compile(template, data, stamp, ARCHIVAL)
    except typst.TypstError as archival:
        try:
            plain = _compile(template, data, stamp, [])
        except typst.TypstError as error:
            raise PaperError(f"{template}: {error.diagnostic}") from error
        logger.warning("paper_not_archival", template=template, reason=archival.message)
        return plain


def begin(render: Callable[[PaperT], bytes], paper: PaperT) -> Future[bytes]:
    """Lay a paper out beside the work of whoever asked, who waits for `result()` when the bytes are needed.

    For batches: the type-setter lets go of the interpreter's lock most of the time, so one paper is laid out while the
    facts of the next are read. `result()` raises what `render` does.
    """
    return _typesetters().submit(render, paper)


def render_png(template: str, data: object, *, dots_per_inch: float) -> list[bytes]:
    """Lay out one paper as pictures, one a page: for belt printers, and for showing.

    Raises:
        PaperError: as `render_pdf`.
    """
    try:
        pages = _compiler().compile(
            input=str(_path(template)), format="png", ppi=dots_per_inch, sys_inputs=_inputs(data)
        )
    except typst.TypstError as error:
        raise PaperError(f"{template}: {error.diagnostic}") from error
    return pages if isinstance(pages, list) else [cast("bytes", pages)]


def sans_font_file() -> Path:
    """Return the file of a Chinese sans-serif face, for what is drawn dot by dot.

    Raises:
        PaperError: neither the package nor the system has one.
    """
    package = importlib.util.find_spec(FONT_PACKAGE)
    folders = [Path(folder) for folder in (package.submodule_search_locations or [] if package else [])]
    for folder in [*folders, SYSTEM_FONTS]:
        for file in sorted(folder.rglob("NotoSans*SC-Regular.otf")) + sorted(folder.rglob("NotoSansCJK-Regular.ttc")):
            return file
    raise PaperError("no Chinese face found: run `pip install pylopdf-fonts-zh-cn`, or install Noto Sans CJK")


def _compile(template: str, data: object, stamp: datetime, standards: "list[typst.PDFStandard]") -> bytes:
    pdf = _compiler().compile(
        input=str(_path(template)),
        format="pdf",
        sys_inputs=_inputs(data),
        pdf_standards=standards,
        timestamp=stamp,
    )
    return cast("bytes", pdf)


def _path(template: str) -> Path:
    path = data_folder("templates") / template
    if not path.is_file():
        raise PaperError(f"no template {template!r} below {data_folder('templates')}")
    return path


def _inputs(data: object) -> dict[str, str]:
    return {"data": json.dumps(_plain(data), ensure_ascii=False, sort_keys=True)}


def _plain(value: object) -> object:
    """Turn dataclasses, decimals, dates and pictures into what JSON holds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | bytes):
        return [_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.translate(CONTROL_CHARACTERS)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    raise PaperError(f"a paper cannot show {value!r} of type {type(value).__name__}")


def _compiler() -> typst.Compiler:
    """Return this thread's compiler: one cannot be entered twice at once, and keeping it saves most of the time."""
    if not hasattr(_local, "compiler"):
        _local.compiler = typst.Compiler(root=str(data_folder("templates")), font_paths=_fonts())
    return cast("typst.Compiler", _local.compiler)


@lru_cache(maxsize=1)
def _typesetters() -> ThreadPoolExecutor:
    """One thread for each core, kept: every thread has a compiler of its own, and the first paper is the dear one."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="papers")


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    package = importlib.util.find_spec(FONT_PACKAGE)
    folders = list(package.submodule_search_locations or []) if package else []
    return typst.Fonts(include_system_fonts=not folders, include_embedded_fonts=True, font_paths=folders)
