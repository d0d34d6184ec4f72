"""Both sides of every commit, publish, reply and acknowledgement can be crashed at."""

import ast
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, Source, called, owner

_EFFECTS = frozenset({"commit", "basic_publish", "basic_ack"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def crash_points(checkout: Checkout) -> Iterator[Finding]:
    """Yield every durable effect in the chassis without a `crash.point` on each side.

    The points must stand in the same function, one before and one after in the order of lines;
    otherwise `# crash-point: <reason>` says where they are.
    """
    for source in checkout.python("chassis"):
        for function, effect in _effects(source):
            lines = [
                node.lineno
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and called(node) == "point" and owner(node) == "crash"
            ]
            missing = [
                side
                for side, there in (
                    ("before", any(line < effect.lineno for line in lines)),
                    ("after", any(line > effect.lineno for line in lines)),
                )
                if not there
            ]
            if missing:
                message = f"{called(effect)}() has no crash.point {' and '.join(missing)} it"
                yield from source.find("crash-point", effect, message)


def _effects(source: Source) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Yield each effect with the innermost function around it."""

    def visit(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        if isinstance(node, _FUNCTIONS):
            function = node
        if isinstance(node, ast.Call) and _is_effect(node):
            yield function, node
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    return visit(source.tree, source.tree)


def _is_effect(node: ast.Call) -> bool:
    # A confirmed publisher is a thin coat over basic_publish: its callers are where the effect is.
    confirmed = called(node) == "publish" and owner(node).strip("_").endswith("publisher")
    return called(node) in _EFFECTS or confirmed
