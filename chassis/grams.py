"""Search by part of a name without any database extension: folded two-character grams.

A record keeps the grams of its searchable text in a text[] column with a GIN index; a search asks
for all grams of its words.
"""

import operator
import unicodedata

from sqlalchemy import ARRAY, ColumnElement, Text, and_, cast, false, or_
from sqlalchemy.sql import literal

_MAX_TEXT = 400


def fold(text: str) -> str:
    """Return text as it is compared: full width as half width, without case, spaces as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(*texts: str | None) -> list[str]:
    """Return the distinct two-character grams (and first characters) of the texts, sorted."""
    found: set[str] = set()
    for text in texts:
        for word in fold(text or "")[:_MAX_TEXT].split(" "):
            if word:
                found.add(word[0])
            found.update(map(operator.add, word, word[1:]))
    return sorted(found)


def matches(
    column: ColumnElement[list[str]], wanted: str, *texts: ColumnElement[str]
) -> ColumnElement[bool]:
    """Return the condition that every word of a search is part of a record's text.

    Args:
        column: The grams of the record; narrows by index.
        texts: The texts themselves; each word must be in one of them, so that grams from two
            places do not add up to a word that is nowhere.
    """
    words = [word for word in fold(wanted)[:_MAX_TEXT].split(" ") if word]
    if not words:
        return false()
    conditions: list[ColumnElement[bool]] = []
    for word in words:
        parts = [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        conditions.append(column.contains(cast(literal(parts, ARRAY(Text)), ARRAY(Text))))
        if texts:
            conditions.append(or_(*(text.icontains(word, autoescape=True) for text in texts)))
    return and_(*conditions)
