"""Receivables: what customers owe, instalment by instalment (F1)."""

from gateway.http.operations import Resource, Rows
from schemas import finance as schemas

_rows = Rows("/v1/receivables", "finance", "receivable", schemas.Receivable, allow="receivables")

RECEIVABLES = Resource(
    "receivables",
    "Receivables 应收款",
    (
        _rows.list("list_receivables", schemas.RECEIVABLES),
        # Balances follow from the journal: the version of the instalment says nothing of them.
        _rows.read("get_receivable", reply=schemas.ReceivableWithMovements, tagged=False),
    ),
)
