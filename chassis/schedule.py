"""Schedules that run once per cluster: an advisory lock decides who, a row decides when."""

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

if TYPE_CHECKING:
    from chassis.db import Tx


def take_turn(tx: "Tx", name: str, seconds: float) -> bool:
    """Return whether this transaction is to run a schedule now, and note that it did.

    The lock is held to the end of the transaction, so a second process neither waits nor runs.
    """
    if not tx.value(select(func.pg_try_advisory_xact_lock(func.hashtext(f"schedule:{name}")))):
        return False
    table = tx.database.metadata.tables["schedules"]
    last = tx.value(select(table.c.last_run_at).where(table.c.name == name))
    # A tick may come a little early: a tenth of the interval is not "too soon".
    if last is not None and tx.now - last < timedelta(seconds=seconds * 0.9):
        return False
    statement = insert(table).values(name=name, last_run_at=tx.now)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"last_run_at": statement.excluded.last_run_at}
        )
    )
    return True
