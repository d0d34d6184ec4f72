"""Operations: one table row per endpoint, and the short way to write the usual rows.

A row says which use case of which service an HTTP request becomes; `engine` serves it, `document`
describes it. A resource is nothing but its rows (`gateway/resources/`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from flask import Response
from marshmallow import Schema

from chassis.actor import Actor
from chassis.listing import ListSpec
from chassis.validation import ById, ListQuery

CALL_SECONDS = 10.0
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


class Pending(Protocol):
    """A call on its way."""

    replayed: bool

    def result(self) -> Any:
        """Return the reply or raise the refusal."""


class Rpc(Protocol):
    """The part of the RPC client that the engine needs."""

    @property
    def connected(self) -> bool:
        """Return whether calls can be sent now."""

    def call(
        self,
        service: str,
        method: str,
        payload: dict[str, Any],
        actor: Actor,
        *,
        timeout: float = CALL_SECONDS,
        key: str | None = None,
    ) -> Any:
        """Return the reply or raise the refusal."""

    def send(
        self,
        service: str,
        method: str,
        payload: dict[str, Any],
        actor: Actor,
        *,
        timeout: float = CALL_SECONDS,
        key: str | None = None,
        request_id: str = "",
    ) -> Pending:
        """Send a call and return at once."""


Before = Callable[[Rpc, Actor, Mapping[str, Any]], Actor]
"""Runs ahead of the call; returns the actor to call with. A repeat of a call that was answered
under its key does not depend on it."""
After = Callable[[Rpc, Actor, Any, Response], Response]
"""Runs behind the call; returns the response in place of the given one."""


Told = Callable[[Any, str], Any]
"""Returns a reply with texts in the caller's language beside its codes."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One endpoint.

    Attributes:
        path: With arguments such as `<id>`; they go into the request under their names.
        service, method: The use case; `name` is the operation's own if it differs.
        allow: Permission of the use case; checked here too, to spare a call.
        request: Schema of the use case's request; what the path and headers do not give is body
            (or query, on a GET).
        reply: Schema of the answer, for the API's document; of one item, on a list.
        listing: What may be asked, if this is a list.
        location: Path of what was made, from the reply, such as `/v1/leads/{id}`.
        key_required: The `Idempotency-Key` may not be missing: money moves.
        if_match: "" (not understood), "accepted" or "required".
        tagged: The answer carries the record's version as `ETag`.
        derived: The answer also shows what no version counts, such as balances or an age: it is
            never answered with 304.
        preset: Fixed fields of the request; `rename` maps path arguments to request fields.
    """

    verb: str
    path: str
    service: str
    method: str
    allow: str | None
    summary: str
    request: type[Schema]
    reply: type[Schema] | None
    name: str = ""
    listing: ListSpec | None = None
    status: int = 200
    location: str = ""
    key_required: bool = False
    if_match: str = ""
    tagged: bool = True
    derived: bool = False
    preset: Mapping[str, Any] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    before: Before | None = None
    after: After | None = None
    told: Told | None = None
    description: str = ""

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Return the names of the path's arguments."""
        return tuple(_ARGUMENT.findall(self.path))

    @cached_property
    def given(self) -> frozenset[str]:
        """Return the request's fields that do not come from body or query."""
        placed = {self.rename.get(name, name) for name in self.arguments}
        return frozenset({*placed, *self.preset, "expected_version"})

    @cached_property
    def free(self) -> dict[str, Any]:
        """Return the request's fields that body or query may hold."""
        declared = self.request._declared_fields
        return {name: one for name, one in declared.items() if name not in self.given}

    @cached_property
    def paged(self) -> bool:
        """Return whether the answer is a page of items."""
        return self.listing is not None or (self.verb == "GET" and "cursor" in self.free)

    @cached_property
    def reply_fields(self) -> tuple[str, ...]:
        """Return the names that `fields=` may choose from."""
        return tuple(self.reply._declared_fields) if self.reply else ()


@dataclass(frozen=True)
class Resource:
    """The operations of one resource and how the API's document introduces it."""

    name: str
    title: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Rows:
    """Writes the rows of one resource, which mostly differ in their names only.

    Attributes:
        path: Such as `/v1/leads`.
        service: Who serves it.
        noun: Singular, for summaries.
        reply: Schema of the resource.
        allow: Resource part of the permissions.
        more: Attributes that all rows share.
    """

    path: str
    service: str
    noun: str
    reply: type[Schema]
    allow: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def list(self, method: str, spec: ListSpec, **more: Any) -> Operation:
        """Return the row of `GET /v1/<resource>`."""
        summary = f"List {self.path.rpartition('/')[2].replace('-', ' ')}"
        return self._row("GET", self.path, method, "read", ListQuery, summary, more, listing=spec)

    def read(self, method: str, request: type[Schema] = ById, **more: Any) -> Operation:
        """Return the row of `GET /v1/<resource>/{id}`."""
        path = f"{self.path}/<id>"
        return self._row("GET", path, method, "read", request, f"Read a {self.noun}", more)

    def create(self, method: str, request: type[Schema], **more: Any) -> Operation:
        """Return the row of `POST /v1/<resource>`: 201 and `Location`."""
        return self._row(
            "POST",
            self.path,
            method,
            "create",
            request,
            f"Create a {self.noun}",
            more,
            status=201,
            location=f"{self.path}/{{id}}",
        )

    def change(self, method: str, request: type[Schema], **more: Any) -> Operation:
        """Return the row of `PATCH /v1/<resource>/{id}`: a merge patch, only with `If-Match`."""
        return self._row(
            "PATCH",
            f"{self.path}/<id>",
            method,
            "update",
            request,
            f"Change a {self.noun}",
            more,
            if_match="required",
        )

    def act(
        self, verb: str, method: str, request: type[Schema], summary: str, **more: Any
    ) -> Operation:
        """Return the row of `POST /v1/<resource>/{id}/<verb>`; it answers with the resource."""
        return self._row(
            "POST",
            f"{self.path}/<id>/{verb}",
            method,
            verb.replace("-", "_"),
            request,
            summary,
            more,
            if_match="accepted",
        )

    def _row(
        self,
        verb: str,
        path: str,
        method: str,
        permission: str,
        request: type[Schema],
        summary: str,
        more: Mapping[str, Any],
        **usual: Any,
    ) -> Operation:
        row: dict[str, Any] = {
            "verb": verb,
            "path": path,
            "service": self.service,
            "method": method,
            "allow": f"{self.allow}:{permission}",
            "summary": summary,
            "request": request,
            "reply": self.reply,
        }
        return Operation(**{**row, **usual, **self.more, **more})


def with_subject(actor: Actor, answer: Mapping[str, Any]) -> Actor:
    """Return the actor whom a record's owner let touch that record."""
    return replace(
        actor,
        subject=answer["subject"],
        subject_customer_id=answer.get("customer_id") or "",
    )
