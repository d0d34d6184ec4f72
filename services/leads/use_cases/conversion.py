"""Conversion: the process that makes a lead into a customer, across services.

customers and deals make their records provisionally: nobody sees them. Once both have agreed, the
pivot is passed and all three confirm, the lead last. Refused before that, everything is taken back.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import schemas.leads as schemas
from chassis import saga
from chassis.db import Tx
from chassis.entrypoints import command, query
from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.idempotency import fingerprint
from chassis.ids import new_id
from chassis.money import Money
from chassis.saga import SagaType, Step
from chassis.validation import ById
from services.leads.domain import conversion
from services.leads.domain.conversion import Wish
from services.leads.domain.lead import CONVERTED, CONVERTING
from services.leads.persistence import leads

_NAME = "conversion"


class Conversions:
    """Leads on their way to becoming customers."""

    @command(
        request=schemas.ConvertLead,
        reply=schemas.Conversion,
        allow="leads:convert",
        keep_for_ever=True,
    )
    def convert_lead(
        self,
        tx: Tx,
        id: str,
        expected_version: int | None = None,
        create_opportunity: bool = True,
        opportunity: dict[str, Any] | None = None,
        customer_id: str | None = None,
    ) -> dict[str, Any]:
        """Start the conversion of a lead; asked again the same, return the one there is.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Invalid: `opportunity_not_wanted`: one is described though none is to be made.
            Conflict: `conversion_differs` from the one that runs or has completed;
                `stale_version`.
            Refused: `lead_not_owned`, `lead_closed`.
        """
        lead, permitted = leads.lock(tx, id, "leads:convert")
        if lead.owner_id is not None and not permitted:
            raise Forbidden("not_permitted", permission="leads:convert")
        wish = _wish(create_opportunity, opportunity, customer_id)
        mark = _mark(wish)
        if lead.status in (CONVERTING, CONVERTED) and lead.conversion_id:
            row = saga.read(tx, _NAME, lead.conversion_id)
            if row["data"]["mark"] != mark:
                raise Conflict("conversion_differs", conversion_id=lead.conversion_id)
            return describe(row)
        lead.expect(expected_version)
        converting, started = conversion.start(
            lead, conversion_id=new_id(), by=tx.actor.id, now=tx.now
        )
        assert converting.conversion_id is not None
        leads.RECORDS.save(tx, converting)
        tx.publish(started)
        saga.start(
            tx,
            CONVERSION,
            converting.conversion_id,
            {
                "conversion_id": converting.conversion_id,
                "lead_id": lead.id,
                "former_status": lead.status,
                "customer_id": customer_id,
                "customer": conversion.customer_of(lead),
                "contact": conversion.contact_of(lead),
                "opportunity": conversion.opportunity_of(lead, wish),
                "mark": mark,
            },
        )
        return describe(saga.read(tx, _NAME, converting.conversion_id))

    @query(request=ById, reply=schemas.Conversion, allow="leads:read")
    def get_conversion(self, tx: Tx, id: str) -> dict[str, Any]:
        """Return how far a conversion has come and, at its end, every record it touched.

        Raises:
            NotFound: `not_found`; who may not see the lead may not see its conversion.
        """
        row = saga.read(tx, _NAME, id)
        try:
            leads.read(tx, row["data"]["lead_id"])
        except NotFound:
            raise NotFound("not_found", resource=_NAME, id=id) from None
        return describe(row)


def describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader is told of a conversion: ids of what it made only once it stands."""
    data, state = row["data"], row["state"]
    end = data.get("complete") if state == "completed" else None
    return {
        "id": row["id"],
        "lead_id": data["lead_id"],
        "state": state,
        "steps": conversion.progress([step.name for step in CONVERSION.steps], row["log"], state),
        "refusal": data.get("refusal"),
        "customer_id": None,
        "contact_id": None,
        "opportunity_id": None,
        "matched": None,
        "records": [],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        **(end or {}),
    }


def _wish(wanted: bool, opportunity: dict[str, Any] | None, customer_id: str | None) -> Wish:
    if opportunity is not None and not wanted:
        raise Invalid.field("#/opportunity", "opportunity_not_wanted")
    described = opportunity or {}
    amount: Money | None = described.get("amount")
    due: date | None = described.get("expected_close_on")
    return Wish(
        opportunity=wanted,
        customer_id=customer_id,
        name=described.get("name"),
        amount=amount,
        expected_close_on=due.isoformat() if due else None,
    )


def _mark(wish: Wish) -> str:
    """Return the fingerprint by which an equal wish is recognised."""
    amount = f"{wish.amount.text()} {wish.amount.currency}" if wish.amount else None
    return fingerprint({**replace(wish, amount=None).__dict__, "amount": amount})


def _make_customer(data: Mapping[str, Any]) -> dict[str, Any]:
    request = {
        "conversion_id": data["conversion_id"],
        "customer": data["customer"],
        "contact": data["contact"],
    }
    return {**request, "customer_id": data["customer_id"]} if data["customer_id"] else request


def _make_opportunity(data: Mapping[str, Any]) -> dict[str, Any]:
    made = data["make_customer"]
    return {
        "conversion_id": data["conversion_id"],
        "customer_id": made["customer_id"],
        "contact_id": made["contact_id"],
        "lead_id": data["lead_id"],
        "opportunity": data["opportunity"],
    }


def _only_id(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"conversion_id": data["conversion_id"]}


def _with_opportunity(data: Mapping[str, Any]) -> bool:
    return data["opportunity"] is not None


def _complete(tx: Tx, data: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lead, last of all; returns the certificate."""
    customer, deal = data["confirm_customer"], data["confirm_opportunity"]
    made = {
        "customer_id": customer["customer_id"],
        "contact_id": customer.get("contact_id"),
        "opportunity_id": deal["opportunity_id"] if deal else None,
    }
    lead = leads.RECORDS.lock(tx, data["lead_id"])
    converted, event = conversion.complete(lead, **made, by=tx.actor.id, now=tx.now)
    leads.RECORDS.save(tx, converted)
    tx.publish(event)
    records = conversion.certificate(converted, [("customers", customer), ("deals", deal)])
    return {**made, "matched": data["make_customer"]["matched"], "records": records}


def _compensated(tx: Tx, data: Mapping[str, Any], refusal: Mapping[str, Any]) -> None:
    """Give the lead back to its owner as it was."""
    lead = leads.RECORDS.lock(tx, data["lead_id"])
    undone, event = conversion.undo(
        lead, former_status=data["former_status"], by=tx.actor.id, now=tx.now
    )
    leads.RECORDS.save(tx, undone)
    tx.publish(event)


CONVERSION = SagaType(
    name=_NAME,
    steps=(
        Step(
            "make_customer",
            service="customers",
            method="make_customer_for_conversion",
            request=_make_customer,
            undo="cancel_conversion",
            undo_request=_only_id,
        ),
        Step(
            "make_opportunity",
            service="deals",
            method="make_opportunity_for_conversion",
            request=_make_opportunity,
            undo="cancel_conversion",
            undo_request=_only_id,
            when=_with_opportunity,
        ),
        Step(
            "confirm_customer",
            service="customers",
            method="confirm_conversion",
            request=_only_id,
        ),
        Step(
            "confirm_opportunity",
            service="deals",
            method="confirm_conversion",
            request=_only_id,
            when=_with_opportunity,
        ),
        Step("complete", local=_complete),
    ),
    pivot=2,
    compensated=_compensated,
)
