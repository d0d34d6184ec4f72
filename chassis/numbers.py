"""Human numbers of documents, such as HT-2026-000123: unique, rising, gap-tolerant."""

from typing import TYPE_CHECKING

from sqlalchemy import text

from chassis import clock

if TYPE_CHECKING:
    from chassis.db import Tx


def next_number(tx: "Tx", prefix: str, sequence: str) -> str:
    """Return the next number of a kind of document.

    Args:
        prefix: Such as `HT`; the business year follows.
        sequence: Name of the database sequence that counts.
    """
    counted = tx.value(text("select nextval(:name)").bindparams(name=sequence))
    return f"{prefix}-{clock.today(tx.now).year}-{counted:06d}"
