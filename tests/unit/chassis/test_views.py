"""A view dumps what its schema dumps, only faster."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from marshmallow import fields

from chassis.money import Money
from chassis.validation import InstantField, MoneyField, ReplySchema
from chassis.views import View


class _Parcel(ReplySchema):
    id = fields.String()
    weight = fields.Integer()
    fragile = fields.Boolean()
    price = MoneyField(allow_none=True)
    sent_at = InstantField()


@dataclass
class _Record:
    id: str | None = "p-1"
    weight: int | None = 7
    fragile: bool | None = False
    price: Money | None = None
    sent_at: datetime | None = None


@pytest.mark.parametrize(
    "record",
    [
        _Record(),
        _Record(None, None, None),
        _Record(price=Money.of("1200", "JPY"), sent_at=datetime(2026, 11, 20, 8, 0, 0, 5, UTC)),
    ],
    ids=["plain", "nothing", "money and instant"],
)
def test_a_view_dumps_what_its_schema_dumps(record: _Record) -> None:
    assert View(_Parcel()).dump(record) == _Parcel().dump(record)


def test_a_schema_with_parts_has_no_view() -> None:
    class Nested(ReplySchema):
        parcel = fields.Nested(_Parcel)

    with pytest.raises(TypeError, match="parcel"):
        View(Nested())
