"""One place reads the clock, so that a test can say what time it is."""

import ast
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, called, owner

CODE = ("chassis", "schemas", "services", "gateway", "omnibus")
_READS = frozenset({"now", "utcnow", "today"})
_STAMPS = frozenset({"time", "time_ns", "localtime", "gmtime"})


def clocks(checkout: Checkout) -> Iterator[Finding]:
    """Yield every reading of a clock outside `chassis/clock.py`.

    Durations (`time.monotonic`) are free; so is whatever is asked of `chassis.clock`, and a
    database's own stamp as the default of a column.
    """
    for source in checkout.python(*CODE):
        if source.path == "chassis/clock.py":
            continue
        defaults = [
            node.value
            for node in source.nodes
            if isinstance(node, ast.keyword) and node.arg == "server_default"
        ]
        for node in source.nodes:
            if not isinstance(node, ast.Call) or node in defaults:
                continue
            name, of = called(node), owner(node)
            reads = name in _READS and of not in ("clock", "")
            stamps = name in _STAMPS and of == "time"
            if reads or stamps:
                yield from source.find(
                    "clock",
                    node,
                    f"{of}.{name}() reads a clock: take tx.now or chassis.clock",
                )
