"""Amounts of money in the capital numerals that Chinese money papers carry, which cannot be altered by a stroke."""

from decimal import Decimal

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("仟", "佰", "拾", "")
GROUPS = ("亿", "万", "")
GROUP_DIGITS = 4
MOST_YUAN = 10 ** (GROUP_DIGITS * len(GROUPS))


def yuan_in_words(amount: Decimal) -> str:
    """Write an amount of yuan: 1005.20 is 壹仟零伍元贰角, 0.05 is 伍分, 12 is 壹拾贰元整.

    Raises:
        ValueError: negative, not in whole fen, or 10^12 yuan and more.

    **Source:** 支付结算办法, annex 1 (correct writing of amounts).
    """
    if not amount.is_finite() or not 0 <= amount < MOST_YUAN or amount * 100 != int(amount * 100):
        raise ValueError(f"expected whole fen from 0 to below {MOST_YUAN} yuan, got {amount}")
    yuan, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    words = f"{_integer_in_words(yuan)}元" if yuan or not cents else ""
    if not cents:
        return words + "整"
    if jiao:
        words += DIGITS[jiao] + "角"
    elif words:
        words += DIGITS[0]  # nobody shall write a jiao into the gap
    return words + (DIGITS[fen] + "分" if fen else "")


def _integer_in_words(number: int) -> str:
    """Write a whole number; any run of zeros inside it is one 零, those at its end are none."""
    digits = f"{number:0{GROUP_DIGITS * len(GROUPS)}d}"
    words = ""
    gap = False
    for at, name in enumerate(GROUPS):
        group = digits[at * GROUP_DIGITS : (at + 1) * GROUP_DIGITS]
        for digit, place in zip(group, PLACES, strict=True):
            if digit == "0":
                gap = bool(words)
                continue
            words += (DIGITS[0] if gap else "") + DIGITS[int(digit)] + place
            gap = False
        words += name if int(group) else ""
    return words or DIGITS[0]
