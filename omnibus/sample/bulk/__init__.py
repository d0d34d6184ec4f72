"""Much data, straight into the databases: for measurements, never for a system in use."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context

import orjson
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb, set_json_dumps

from chassis import clock
from omnibus.problem import Problem
from omnibus.sample.bulk import tables
from omnibus.sample.bulk.counts import SIZES, Counts
from omnibus.sample.bulk.events import Log
from omnibus.sample.bulk.records import Bulk, Row, identity
from omnibus.sample.bulk.tables import Filling

_FIRST = {
    "gateway": "event_log",
    "finance": "receivables",
    "customers": "customers",
    "deals": "opportunities",
    "leads": "leads",
}
"""Databases, the longest work first, and the table that tells whether bulk data is there."""

_SERVICES: dict[str, Callable[[Bulk], list[Filling]]] = {
    "leads": tables.leads,
    "customers": tables.customers,
    "deals": tables.deals,
    "finance": tables.finance,
}
_JSON = frozenset({"lines", "signatories", "instalments", "external_ids"})
_RESERVE = "select coalesce((select value from log_counters where scope = '' for update), 0)"
_RAISE = (
    "insert into log_counters as c (scope, value) values ('', %s)"
    " on conflict (scope) do update set value = c.value + excluded.value"
)


def bulk(
    urls: Mapping[str, str],
    counts: Counts | str = "full",
    *,
    processes: int = 2,
    progress: Callable[[str], None] = lambda database: None,
) -> None:
    """Fill the five databases; what is there already stays.

    Args:
        urls: Database → URL, of the owner or the application's role.
        counts: Or the name of a size: `small`, `medium`, `full`.
        progress: Told each database that is filled.

    Raises:
        Problem: There is bulk data already.
    """
    wanted = SIZES[counts] if isinstance(counts, str) else counts
    plain = {name: urls[name].replace("postgresql+psycopg://", "postgresql://") for name in _FIRST}
    for name, url in plain.items():
        _expect_none(name, url)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        work = {
            name: pool.submit(_fill, name, url, wanted, clock.today())
            for name, url in plain.items()
        }
        for name, task in work.items():
            task.result()
            progress(name)


def _expect_none(name: str, url: str) -> None:
    kind = {"gateway": "event", "finance": "receivable", "deals": "deal"}.get(name, name[:-1])
    column = "event_id" if name == "gateway" else "id"
    query = sql.SQL("select 1 from {} where {} = %s").format(
        sql.Identifier(_FIRST[name]), sql.Identifier(column)
    )
    first = identity(kind, 1 if kind == "event" else 0)
    with psycopg.connect(url) as connection:
        if connection.execute(query, (first,)).fetchone():
            raise Problem(f"The database {name} has bulk data already: take an empty one.")


def _fill(name: str, url: str, counts: Counts, today: date) -> None:
    """Fill one database in one transaction; runs in a process of its own."""
    set_json_dumps(orjson.dumps)
    records = Bulk(counts, today)
    with psycopg.connect(url) as connection:
        if name == "gateway":
            # Held until the commit: whoever logs an event meanwhile waits for a number.
            row = connection.execute(_RESERVE).fetchone()
            log = Log(records, int(row[0]) if row else 0)
            connection.execute(_RAISE, (log.count(),))
            fillings = log.fillings()
        else:
            fillings = _SERVICES[name](records)
        for filling in fillings:
            _copy(connection, filling)
    with psycopg.connect(url, autocommit=True) as connection:
        for filling in fillings:
            connection.execute(sql.SQL("vacuum analyze {}").format(sql.Identifier(filling.table)))


def _copy(connection: psycopg.Connection, filling: Filling) -> None:
    rows = iter(filling.rows())
    first = next(rows, None)
    if first is None:
        return
    columns = list(first)
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(filling.table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write_row(_values(first, columns))
        for row in rows:
            copy.write_row(_values(row, columns))


def _values(row: Row, columns: list[str]) -> list[object]:
    return [Jsonb(row[name]) if name in _JSON else row[name] for name in columns]


__all__ = ["SIZES", "Counts", "bulk"]
