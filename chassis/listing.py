"""Lists: allow-listed filters and sorts over one select, paged by keyset.

The published language says what can be asked (`ListSpec`); a service binds it to its columns. The
cursor is signed, carries the sort values and belongs to one filter and sort: with another it is
`cursor_mismatch`.
"""

import base64
import binascii
import difflib
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from sqlakeyset import (
    InvalidPage,
    select_page,
    serialize_bookmark,
    unserialize_bookmark,
)
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.engine import Row

from chassis import wire_json
from chassis.errors import Invalid
from chassis.ids import is_id
from chassis.settings import settings

if TYPE_CHECKING:
    from chassis.db import Tx

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_MAX_SORTS = 3
_MAX_DIGITS = 30
_OPERATORS = {
    "text": ("", "contains", "is_null"),
    "id": ("", "is_null"),
    "enum": ("",),
    "bool": ("",),
    "int": ("", "gte", "gt", "lte", "lt", "is_null"),
    "decimal": ("", "gte", "gt", "lte", "lt", "is_null"),
    "datetime": ("gte", "gt", "lte", "lt", "is_null"),
    "date": ("", "gte", "gt", "lte", "lt", "is_null"),
}
"""Operators per type of field; "" is equality, or membership of a comma-separated list."""


@dataclass(frozen=True)
class ListSpec:
    """What a caller may ask of a list; part of the published language.

    Attributes:
        fields: Filterable field → type (text, id, enum:a|b, bool, int, decimal, datetime, date).
        sorts: Sortable fields.
        default_sort: Such as `-created_at`.
        search: Whether `q=` is understood.
    """

    fields: Mapping[str, str]
    sorts: tuple[str, ...]
    default_sort: str = "-created_at"
    search: bool = False

    def parameters(self) -> dict[str, str]:
        """Return every filter parameter (`amount.gte`) with its type, for the API's document."""
        return {
            f"{name}.{operator}" if operator else name: "bool" if operator == "is_null" else kind
            for name, kind in self.fields.items()
            for operator in _OPERATORS[kind.partition(":")[0]]
        }


@dataclass(frozen=True)
class Page:
    """One page of a list; `total` only when it was asked for."""

    items: list[Any]
    next_cursor: str | None
    total: int | None = None

    def dump(self, items: list[Any] | None = None) -> dict[str, Any]:
        """Return the reply of a list."""
        reply: dict[str, Any] = {
            "items": self.items if items is None else items,
            "next_cursor": self.next_cursor,
            "has_more": self.next_cursor is not None,
        }
        if self.total is not None:
            reply["total"] = self.total
        return reply


@dataclass(frozen=True)
class Listing:
    """A `ListSpec` bound to columns.

    Attributes:
        columns: Field or sort → column.
        sort_columns: Sort → expression, where the column may be null: a sort must not be.
        search: Makes the condition for `q=`.
    """

    spec: ListSpec
    columns: Mapping[str, ColumnElement[Any]]
    id_column: ColumnElement[Any]
    search: Callable[[str], ColumnElement[bool]] | None = None
    sort_columns: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)

    def page(
        self,
        tx: "Tx",
        statement: Select[Any],
        query: Mapping[str, Any],
        build: Callable[[Row[Any]], Any],
    ) -> Page:
        """Return the page that a query asks for.

        Args:
            statement: Selects what the actor may see; no order, no limit.
            query: `limit`, `cursor`, `sort`, `q`, `count` and `filters` (parameter → text).

        Raises:
            Invalid: `unknown_parameter`, `invalid_field`, `limit_out_of_range`,
                `cursor_mismatch`, all wrong parameters at once.
        """
        errors: list[dict[str, Any]] = []
        conditions = self._conditions(tx, query.get("filters") or {}, errors)
        if query.get("q"):
            if self.search is None:
                errors.append(_error("query:q", "unknown_parameter"))
            else:
                conditions.append(self.search(query["q"].replace("\0", " ")))
        order = self._order(query.get("sort") or self.spec.default_sort, errors)
        limit = DEFAULT_LIMIT if query.get("limit") is None else query["limit"]
        if not 1 <= limit <= MAX_LIMIT:
            errors.append(_error("query:limit", "limit_out_of_range", maximum=MAX_LIMIT))
        if errors:
            raise Invalid.fields(errors)
        filtered = statement.where(*conditions) if conditions else statement
        mark = _mark(query)
        place = (
            unserialize_bookmark(open_place(query["cursor"], mark)) if query.get("cursor") else None
        )
        try:
            found = select_page(
                tx.connection, filtered.order_by(*order), per_page=limit, page=place
            )
        except InvalidPage as error:
            raise Invalid("cursor_mismatch") from error
        cursor = None
        if found.paging.has_next:
            cursor = seal_place(serialize_bookmark(found.paging.get_marker_at(-1)), mark)
        total = None
        if query.get("count") == "exact":
            total = tx.value(select(func.count()).select_from(filtered.subquery()))
        return Page([build(row) for row in found], cursor, total)

    def _conditions(
        self, tx: "Tx", filters: Mapping[str, str], errors: list[dict[str, Any]]
    ) -> list[ColumnElement[bool]]:
        known = self.spec.parameters()
        conditions = []
        for parameter, given in filters.items():
            if parameter not in known:
                near = difflib.get_close_matches(parameter, known, 1)
                meta = {"did_you_mean": near[0]} if near else {}
                errors.append(_error(f"query:{parameter}", "unknown_parameter", **meta))
                continue
            name, _, operator = parameter.partition(".")
            try:
                conditions.append(
                    _condition(self.columns[name], self.spec.fields[name], operator, given, tx)
                )
            except ValueError as error:
                errors.append(_error(f"query:{parameter}", "invalid_field", expected=str(error)))
        return conditions

    def _order(self, sort: str, errors: list[dict[str, Any]]) -> list[ColumnElement[Any]]:
        keys = sort.split(",")
        order = []
        for key in keys[:_MAX_SORTS]:
            name = key.removeprefix("-")
            if name not in self.spec.sorts:
                errors.append(
                    _error(
                        "query:sort",
                        "invalid_field",
                        expected="|".join(self.spec.sorts),
                    )
                )
                continue
            column = self.sort_columns.get(name, self.columns.get(name))
            assert column is not None, name
            order.append(column.desc() if key.startswith("-") else column.asc())
        if len(keys) > _MAX_SORTS:
            errors.append(_error("query:sort", "too_many", maximum=_MAX_SORTS))
        last = keys[-1].startswith("-")
        return [*order, self.id_column.desc() if last else self.id_column.asc()]


def _error(pointer: str, code: str, **meta: Any) -> dict[str, Any]:
    return {"pointer": pointer, "code": code, "meta": meta}


def _condition(
    column: ColumnElement[Any], kind: str, operator: str, given: str, tx: "Tx"
) -> ColumnElement[bool]:
    kind, _, choices = kind.partition(":")
    if operator == "is_null":
        return column.is_(None) if _boolean(given) else column.is_not(None)
    if operator == "contains":
        return column.icontains(_value("text", "", given), autoescape=True)
    if operator == "":
        wanted = [
            tx.actor.id if kind == "id" and item == "me" else _value(kind, choices, item)
            for item in given.split(",")
        ]
        return column == wanted[0] if len(wanted) == 1 else column.in_(wanted)
    compare = {"gte": ge, "gt": gt, "lte": le, "lt": lt}[operator]
    condition: ColumnElement[bool] = compare(column, _value(kind, choices, given))
    return condition


def _boolean(given: str) -> bool:
    if given not in ("true", "false"):
        raise ValueError("true|false")
    return given == "true"


def _value(kind: str, choices: str, given: str) -> Any:
    """Return the typed value of a filter; ValueError says what was expected."""
    try:
        match kind:
            case "bool":
                return _boolean(given)
            case "int":
                number = int(given)
                if not -(2**31) <= number < 2**31:  # What an integer column can be compared with.
                    raise ValueError
                return number
            case "decimal":
                amount = Decimal(given)
                if not amount.is_finite() or abs(amount.adjusted()) > _MAX_DIGITS:
                    raise ValueError
                return amount
            case "date":
                return date.fromisoformat(given)
            case "datetime":
                instant = datetime.fromisoformat(given)
                if instant.tzinfo is None:
                    raise ValueError
                return instant
            case "enum":
                if given not in choices.split("|"):
                    raise ValueError
            case "id":
                if not is_id(given):
                    raise ValueError
    except (ValueError, InvalidOperation):
        expected = {
            "datetime": "RFC 3339 instant with zone",
            "date": "YYYY-MM-DD",
            "id": "id",
        }
        raise ValueError(choices or expected.get(kind, kind)) from None
    if "\0" in given:
        raise ValueError("text without NUL")
    return given


def _mark(query: Mapping[str, Any]) -> bytes:
    """Return the digest of everything but place and page size."""
    parts = [
        query.get("sort"),
        query.get("q"),
        sorted((query.get("filters") or {}).items()),
    ]
    return hashlib.sha256(wire_json.dumps(parts)).digest()[:12]


@cache
def _cursor_key() -> bytes:
    """Return the signing key: derived from the process' private key, so replicas share it."""
    file = settings().actor_private_key_file
    return hashlib.sha256(b"cursor" + (file.read_bytes() if file else b"")).digest()


def seal_place(place: str, mark: bytes) -> str:
    """Return a signed cursor for a place in the list that a mark (12 bytes) stands for."""
    body = mark + place.encode()
    signature = hmac.digest(_cursor_key(), body, "sha256")[:12]
    return base64.urlsafe_b64encode(signature + body).decode().rstrip("=")


def open_place(cursor: str, mark: bytes) -> str:
    """Return the place in a cursor.

    Raises:
        Invalid: `cursor_mismatch` if it was made elsewhere or for another list.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raise Invalid("cursor_mismatch") from None
    signature, body = raw[:12], raw[12:]
    sound = hmac.compare_digest(signature, hmac.digest(_cursor_key(), body, "sha256")[:12])
    if not sound or body[:12] != mark:
        raise Invalid("cursor_mismatch")
    return body[12:].decode()
