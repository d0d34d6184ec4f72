"""SQL is written out, or built by SQLAlchemy from expressions; never glued together."""

import ast
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, called

CODE = ("chassis", "schemas", "services", "gateway", "omnibus")
_TAKES_SQL = frozenset({"text", "execute", "exec_driver_sql", "SQL", "DDL", "literal_column"})


def built_sql(checkout: Checkout) -> Iterator[Finding]:
    """Yield every statement glued together from variables."""
    for source in checkout.python(*CODE):
        for node in source.nodes:
            if not isinstance(node, ast.Call) or called(node) not in _TAKES_SQL or not node.args:
                continue
            if _glued(node.args[0]):
                yield from source.find("sql", node, "SQL built from variables: bind parameters")


def _glued(argument: ast.expr) -> bool:
    if isinstance(argument, ast.JoinedStr):
        # Constants of the module (upper case) are as good as text.
        return any(
            isinstance(part, ast.FormattedValue)
            and not (isinstance(part.value, ast.Name) and part.value.id.isupper())
            for part in argument.values
        )
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, (ast.Add, ast.Mod)):
        sides = (argument.left, argument.right)
        return any(_is_text(side) or _glued(side) for side in sides) and not all(
            _is_text(side) for side in sides
        )
    return (
        isinstance(argument, ast.Call)
        and called(argument) == "format"
        and isinstance(argument.func, ast.Attribute)
        and _is_text(argument.func.value)
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
