"""Contracts: written by one, approved by another, paid in instalments (D17)."""

from gateway.http.operations import Resource, Rows
from gateway.resources.references import check_references
from schemas import deals as schemas

_rows = Rows("/v1/contracts", "deals", "contract", schemas.Contract, allow="contracts")

CONTRACTS = Resource(
    "contracts",
    "Contracts 合同",
    (
        _rows.list("list_contracts", schemas.CONTRACTS),
        _rows.create("create_contract", schemas.CreateContract, before=check_references),
        _rows.read("get_contract"),
        _rows.change("update_contract", schemas.UpdateContract),
        _rows.act("submit", "submit_contract", schemas.SubmitContract, "Hand in for approval"),
        _rows.act(
            "approve",
            "approve_contract",
            schemas.ApproveContract,
            "Approve a contract that somebody else wrote",
        ),
        _rows.act(
            "reject",
            "reject_contract",
            schemas.RejectContract,
            "Send a contract back to draft",
            allow="contracts:approve",
        ),
    ),
)
