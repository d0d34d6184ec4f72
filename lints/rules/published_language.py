"""What others read from us is written down: events as golden files, codes in the catalogue."""

import ast
import re
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, Source, called, owner

CATALOGUE = "gateway/errors.yaml"
CODE = ("chassis", "schemas", "services", "gateway")
_KINDS = frozenset(
    {
        "Invalid",
        "Forbidden",
        "NotFound",
        "Conflict",
        "Refused",
        "Unavailable",
        "InternalError",
    }
)
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_FIELD_ERRORS = frozenset({"field", "_field", "field_error"})


def golden_files(checkout: Checkout) -> Iterator[Finding]:
    """Yield every event type without `tests/schemas/golden/<publisher>/<type>.json`."""
    for source in checkout.matching(r"schemas/\w+/events\.py"):
        for node in _event_types(source):
            path = f"tests/schemas/golden/{source.parts[1]}/{node.value!s}.json"
            if path not in checkout.sources:
                yield from source.find("golden", node, f"there is no golden file {path}")


def error_codes(checkout: Checkout) -> Iterator[Finding]:
    """Yield every refusal whose code the catalogue of errors does not explain."""
    catalogue = checkout.sources.get(CATALOGUE)
    if catalogue is None:
        return
    known = set(re.findall(r"^([a-z][a-z0-9_]*):", catalogue.text, flags=re.MULTILINE))
    for source in checkout.python(*CODE):
        for node, code in _codes(source):
            if code not in known:
                yield from source.find("error-code", node, f"{code} is not in {CATALOGUE}")


def _event_types(source: Source) -> Iterator[ast.Constant]:
    for node in source.nodes:
        if not isinstance(node, ast.Call) or called(node) != "EventCatalogue":
            continue
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(argument, ast.Dict):
                yield from (key for key in argument.keys if isinstance(key, ast.Constant))


def _codes(source: Source) -> Iterator[tuple[ast.AST, str]]:
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        if called(node) in _KINDS and node.args:
            yield from _texts(node.args[0])
        elif called(node) in _FIELD_ERRORS and owner(node) in (*_KINDS, "") and len(node.args) > 1:
            yield from _texts(node.args[1])
        for keyword in node.keywords:
            if keyword.arg == "conflicts" and isinstance(keyword.value, ast.Dict):
                for value in keyword.value.values:
                    yield from _texts(value)


def _texts(node: ast.expr) -> Iterator[tuple[ast.AST, str]]:
    """Yield the codes an expression may be: a literal, or either arm of a conditional."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _CODE.fullmatch(node.value)
    ):
        yield node, node.value
