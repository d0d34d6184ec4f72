"""Numbers that hold under their own check digits: credit codes, phones."""

import random

from stdnum.cn import uscc

from omnibus.sample.words import Place

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
COMPANIES = len(_ALPHABET) ** 6
"""How many credit codes there are in a place."""

_MOBILE = ("133", "135", "138", "139", "150", "158", "177", "186", "188", "199")


def credit_code(place: Place, number: int) -> str:
    """Return a unified social credit code of a company in a place (GB 32100-2015).

    Args:
        number: Below 31^6, another one for every company.
    """
    digits = []
    for _ in range(6):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    # Organisations registered since 2015 begin with MA.
    organisation = "MA" + "".join(reversed(digits))
    code = f"91{place.code}{organisation}{_organisation_check(organisation)}"
    return code + str(uscc.calc_check_digit(code))


def _organisation_check(organisation: str) -> str:
    """Return the ninth character of an organisation code (GB 11714)."""
    values = (int(char, 36) for char in organisation)
    rest = 11 - sum(w * v for w, v in zip(_WEIGHTS, values, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def mobile(rng: random.Random) -> str:
    """Return a Chinese mobile number, written in one of the usual ways."""
    digits = rng.choice(_MOBILE) + f"{rng.randrange(10**8):08d}"
    return rng.choice((digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", f"+86 {digits}"))


def landline(rng: random.Random, place: Place) -> str:
    """Return a landline number of a place."""
    length = 8 if len(place.area_code) == 3 else 7
    first = rng.choice("5678")
    return f"{place.area_code}-{first}{rng.randrange(10 ** (length - 1)):0{length - 1}d}"
