"""Receipts: money that came in, and what it settles (F3)."""

from gateway.http.operations import Resource, Rows
from gateway.resources.references import check_references
from schemas import finance as schemas

_rows = Rows("/v1/receipts", "finance", "receipt", schemas.Receipt, allow="receipts")

RECEIPTS = Resource(
    "receipts",
    "Receipts 收款",
    (
        _rows.list("list_receipts", schemas.RECEIPTS),
        _rows.create(
            "record_receipt", schemas.RecordReceipt, key_required=True, before=check_references
        ),
        _rows.read("get_receipt", derived=True),
        _rows.act(
            "allocate",
            "allocate_receipt",
            schemas.AllocateReceipt,
            "Use unapplied credit of a receipt for receivables",
            key_required=True,
        ),
    ),
)
