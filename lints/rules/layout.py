"""Files stay readable in one sitting, and their names say what is in them."""

from collections.abc import Iterator

from lints.checkout import Checkout, Finding

LONGEST = 400
_VAGUE = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core", "lib"}
)


def long_files(checkout: Checkout) -> Iterator[Finding]:
    """Yield every Python module of more than 400 lines; it has more than one concern."""
    for source in checkout.python():
        if len(source.lines) > LONGEST:
            message = f"{len(source.lines)} lines, {LONGEST} at most: divide it by concern"
            yield Finding(source.path, 1, "size", message)


def module_names(checkout: Checkout) -> Iterator[Finding]:
    """Yield every module or package whose name would fit anything."""
    for source in checkout.python():
        names = [*source.parts[:-1], source.parts[-1].removesuffix(".py")]
        vague = _VAGUE.intersection(names)
        if vague:
            message = f"the name {min(vague)} says nothing about what is inside"
            yield Finding(source.path, 1, "name", message)
