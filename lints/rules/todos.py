"""Work that is left is an issue, not a comment."""

import re
from collections.abc import Iterator

from lints.checkout import Checkout, Finding

_OPEN = re.compile(r"\b(TODO\b(?!\(#\d+\))|FIXME\b|XXX\b)")
_HASH = (".yaml", ".yml", ".sh", ".toml", "Makefile", "Containerfile")


def todos(checkout: Checkout) -> Iterator[Finding]:
    """Yield every comment that leaves work behind without naming its issue: `TODO(#12)`."""
    for source in checkout.sources.values():
        if source.is_python:
            comments = source.comments
        elif source.path.endswith(_HASH):
            comments = {
                number: line.partition("#")[2] for number, line in enumerate(source.lines, start=1)
            }
        else:
            continue
        for number, comment in comments.items():
            if _OPEN.search(comment):
                yield Finding(source.path, number, "todo", "name the issue, or do it")
