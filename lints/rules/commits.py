"""Nobody but the chassis ends a transaction."""

import ast
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, called

CODE = ("chassis", "schemas", "services", "gateway", "omnibus")


def commits(checkout: Checkout) -> Iterator[Finding]:
    """Yield every `.commit(` outside `chassis/db.py`.

    A use case that commits by itself splits its effect from its events and its idempotency record.
    """
    for source in checkout.python(*CODE):
        if source.path == "chassis/db.py":
            continue
        for node in source.nodes:
            if isinstance(node, ast.Call) and called(node) == "commit":
                yield from source.find("commit", node, "only chassis/db.py commits")
