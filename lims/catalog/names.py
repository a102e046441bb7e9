"""One key for all spellings of a name: what people type, what rule books print, what bulletins lose."""

import re
from functools import lru_cache

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")
_SAME = str.maketrans(
    {
        "（": "(", "）": ")", "［": "[", "］": "]", "，": ",", "／": "/", "－": "-", "⁻": "-", "–": "-",
        "α": "a", "ɑ": "a", "β": "b",
        "Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV",
    }
)  # fmt: skip
_NOISE = re.compile(r"[\s\[\],、，]+")


@lru_cache(maxsize=4096)  # the words of all limits, which every look-up folds again
def match_key(name: str) -> str:
    """The form in which two spellings of one name are equal: widths, brackets, subscripts, case, spaces."""
    return _NOISE.sub("", name.translate(_SUBSCRIPTS).translate(_SAME)).casefold()
