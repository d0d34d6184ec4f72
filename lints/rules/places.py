"""The project does not know on whose machine it was written."""

import re
from collections.abc import Iterator

from lints.checkout import Checkout, Finding

# Put together from halves, so that this file does not name what it looks for.
_HOMES = "|".join(
    (
        "/ho" + "me/",
        "/ro" + "ot/",
        "/Us" + "ers/",
        "/wo" + "rk/",
        r"[A-Z]:\\\\?Us" + "ers",
    )
)
_OPTIONS = "|".join(("--ind" + "ex-url", "--extra-ind" + "ex-url", "--trusted" + "-host"))
_HOSTS = r"https?://[\w.-]*(?:artifact" + r"ory|nexus|verdaccio|devpi|pypi\.(?!org))[\w.-]*"
_ADDRESS = r"\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?:\.\d{1,3})?\b"

_PLACES = re.compile(
    rf"(?P<path>(?<![\w.~*$}}])(?:{_HOMES}))|(?P<registry>{_OPTIONS}|{_HOSTS})|(?P<address>{_ADDRESS})"
)
_WHAT = {
    "path": "an absolute path of one machine",
    "registry": "a package registry of one network",
    "address": "an address of one network",
}


def places(checkout: Checkout) -> Iterator[Finding]:
    """Yield every absolute machine path, registry host or private address in a text file."""
    for source in checkout.sources.values():
        for number, line in enumerate(source.lines, start=1):
            found = _PLACES.search(line)
            if not found or re.search(r"(#|//|<!--)\s*place:\s*\S", line):
                continue
            kind = found.lastgroup or "path"
            yield Finding(source.path, number, "place", f"{_WHAT[kind]}: {found.group()}")
