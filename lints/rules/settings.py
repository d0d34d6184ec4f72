"""Every variable that the code reads is explained to the people who set it."""

import ast
import re
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, called, owner

CODE = ("chassis", "services", "gateway")
DOCUMENT = "docs/operations.md"
_READERS = frozenset({"get", "setdefault", "getenv", "pop"})
_TYPED = frozenset({"str", "int", "float", "bool", "list", "path"})
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


def settings_documented(checkout: Checkout) -> Iterator[Finding]:
    """Yield every environment variable that the code reads and docs/operations.md lacks."""
    document = checkout.sources.get(DOCUMENT)
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", document.text)) if document else set()
    for source in checkout.python(*CODE):
        for node in source.nodes:
            key = _key(node)
            if (
                isinstance(key, ast.Constant)
                and isinstance(key.value, str)
                and _NAME.fullmatch(key.value)
                and key.value not in known
            ):
                yield from source.find("setting", node, f"{DOCUMENT} does not explain {key.value}")


def _key(node: ast.AST) -> ast.expr | None:
    """Return the name that an expression asks the environment for."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        return node.slice if node.value.attr == "environ" else None
    if not isinstance(node, ast.Call) or not node.args:
        return None
    reads = called(node) in _READERS and owner(node) in ("environ", "os")
    typed = called(node) in _TYPED and owner(node) == "env"
    return node.args[0] if reads or typed else None
