"""The envelope of an event: CloudEvents attributes, what changed, and the whole state after."""

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import fields

from chassis.events import EventCatalogue, EventType, type_name
from chassis.ids import is_id
from chassis.validation import MoneyField, ReplySchema


@dataclass(frozen=True)
class Deal:
    id: str = "d1"
    version: int = 3
    name: str = "商机"
    customer_id: str | None = "c1"
    lead_id: str | None = None
    secret: str = "not in the public view"
    price: Any = None


class DealView(ReplySchema):
    id = fields.String()
    name = fields.String()
    customer_id = fields.String(allow_none=True)
    lead_id = fields.String(allow_none=True)
    price = MoneyField(allow_none=True)


@dataclass(frozen=True)
class BigDealMade:
    before: Deal | None
    after: Deal


CATALOGUE = EventCatalogue(
    "deals",
    {"big_deal_made": EventType(DealView(), "deal", "customer_id", "lead_id", version=2)},
)


def envelope(event: Any) -> dict[str, Any]:
    return CATALOGUE.envelope(event, now="T", actor="ann", correlation="c", causation="e")


def test_a_creation_carries_the_public_view_and_no_changes() -> None:
    made = envelope(BigDealMade(None, Deal()))

    assert is_id(made.pop("id"))
    assert made == {
        "specversion": "1.0", "source": "deals", "type": "big_deal_made", "time": "T",
        "subject": "deal/d1", "dataschema": "/schemas/big_deal_made/2",
        "datacontenttype": "application/json", "version": 3, "actor": "ann",
        "correlationid": "c", "causationid": "e", "customerid": "c1",
        "data": {
            "changes": {},
            "after": {
                "id": "d1", "name": "商机", "customer_id": "c1", "lead_id": None, "price": None,
            },
        },
    }  # fmt: skip


def test_a_change_names_each_field_before_and_after() -> None:
    made = envelope(BigDealMade(Deal(name="old", secret="a"), Deal(lead_id="l1", secret="b")))

    assert made["data"]["changes"] == {"name": ["old", "商机"], "lead_id": [None, "l1"]}
    assert (made["customerid"], made["leadid"]) == ("c1", "l1")


def test_an_event_that_is_not_in_the_catalogue_can_not_be_published() -> None:
    @dataclass(frozen=True)
    class Unknown:
        before: None
        after: Deal

    with pytest.raises(KeyError, match="unknown"):
        envelope(Unknown(None, Deal()))


def test_the_type_is_the_class_in_snake_case() -> None:
    assert type_name(BigDealMade(None, Deal())) == "big_deal_made"
