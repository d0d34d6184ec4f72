"""Money is Decimal from the wire to the row."""

import ast
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, called

_MONEY = (
    r"chassis/money\.py"
    r"|services/(finance|deals)/(domain|persistence)/.*\.py"
    r"|schemas/(finance|deals)/.*\.py"
)


def floats(checkout: Checkout) -> Iterator[Finding]:
    """Yield every float where amounts are computed or kept."""
    for source in checkout.matching(_MONEY):
        for node in source.nodes:
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            conversion = isinstance(node, ast.Call) and called(node) in (
                "float",
                "Float",
            )
            if literal or conversion:
                yield from source.find("float", node, "a float next to money: use Decimal")
