"""When two records are the same customer: normal forms and the order of match keys.

Source: L18, capabilities §3.1: credit code > phone > e-mail > normalised name.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

_PUNCTUATION = re.compile(r"[\s()\[\]{}<>【】〔〕《》「」'\"“”‘’.,、。·・&_/\\-]+")
_LEGAL_FORMS = ("股份有限公司", "有限责任公司", "有限公司", "集团公司", "公司")
"""Chinese legal forms, the longer of two that end alike first."""
_LEGAL_WORDS = frozenset(
    {
        *("co", "company", "corp", "corporation", "gmbh", "inc", "incorporated"),
        *("limited", "llc", "ltd", "plc"),
    }
)


def name_key(name: str) -> str:
    """Return the form in which customer names are compared.

    Width, case, spaces, brackets and the legal form do not count; what stands in brackets does,
    because it often tells two companies of a group apart.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    words = [word for word in _PUNCTUATION.split(folded) if word]
    kept = len(words)
    while kept > 1 and words[kept - 1] in _LEGAL_WORDS:
        kept -= 1
    key = "".join(words[:kept])
    for form in _LEGAL_FORMS:
        if key.endswith(form) and key != form:
            return key.removesuffix(form)
    return key or folded


def email_key(email: str | None) -> str | None:
    """Return the form in which e-mail addresses are compared."""
    return email.strip().casefold() if email else None


class _Known(Protocol):
    """The facts of a customer on record that tell who it is."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def credit_code(self) -> str | None: ...
    @property
    def phone_e164(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...


K = TypeVar("K", bound=_Known)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """The facts by which a customer is looked for."""

    kind: str
    name: str
    credit_code: str | None = None
    phone_e164: str | None = None
    email: str | None = None

    def keys(self) -> list[str]:
        """Return what must be locked so that nobody else makes the same customer meanwhile."""
        return match_keys(
            name=self.name,
            credit_code=self.credit_code,
            phone_e164=self.phone_e164,
            email=self.email,
        )


def match_keys(
    *,
    name: str | None = None,
    credit_code: str | None = None,
    phone_e164: str | None = None,
    email: str | None = None,
) -> list[str]:
    """Return the match keys of the facts that are known, each marked with its sort."""
    found = {
        "credit": credit_code,
        "phone": phone_e164,
        "email": email_key(email),
        "name": name_key(name) if name else None,
    }
    return [f"{sort}:{value}" for sort, value in found.items() if value]


def strength(prospect: Prospect, known: _Known) -> int:
    """Return how surely a prospect is a customer on record; 0 means that it is not.

    Two different credit codes are two legal entities whatever else agrees. A person is never
    matched by name alone: too many people share one.
    """
    if prospect.kind != known.kind:
        return 0
    if prospect.credit_code and known.credit_code:
        return 4 if prospect.credit_code == known.credit_code else 0
    if prospect.phone_e164 and prospect.phone_e164 == known.phone_e164:
        return 3
    if prospect.email and email_key(prospect.email) == email_key(known.email):
        return 2
    same_name = name_key(prospect.name) == name_key(known.name)
    return 1 if same_name and prospect.kind == "organisation" else 0


def best_match(prospect: Prospect, candidates: Iterable[K]) -> K | None:
    """Return the surest match, of equals the oldest; None when nobody matches."""
    ranked = [(strength(prospect, known), known) for known in candidates]
    matching = [(-level, known.id, known) for level, known in ranked if level]
    return min(matching, key=lambda entry: entry[:2])[2] if matching else None
