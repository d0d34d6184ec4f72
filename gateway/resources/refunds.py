"""Refunds: asked for with a reason, approved by somebody else (F5)."""

from gateway.http.operations import Resource, Rows
from schemas import finance as schemas

_rows = Rows("/v1/refunds", "finance", "refund", schemas.Refund, allow="refunds")

REFUNDS = Resource(
    "refunds",
    "Refunds 退款",
    (
        _rows.list("list_refunds", schemas.REFUNDS),
        _rows.create("request_refund", schemas.RequestRefund, key_required=True),
        _rows.read("get_refund"),
        _rows.act(
            "approve",
            "approve_refund",
            schemas.ApproveRefund,
            "Let the money go back; not by who asked for it",
            key_required=True,
        ),
        _rows.act(
            "reject",
            "reject_refund",
            schemas.RejectRefund,
            "Refuse a refund; the amount is free again",
            key_required=True,
            allow="refunds:approve",
        ),
    ),
)
