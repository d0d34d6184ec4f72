"""Requests and replies about API keys; the secret is in one answer only."""

import re
from typing import Any

from marshmallow import fields, validates

from chassis.listing import ListSpec
from chassis.validation import (
    IdField,
    InstantField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.policy import ROLES

MAX_DAYS = 366
RESOURCES = frozenset(
    permission.partition(":")[0]
    for grants in ROLES.values()
    for permission in grants
    if permission != "*"
) | {"api_keys"}
"""Resources that a scope can name."""

_SCOPE = re.compile(r"([a-z_]+):(read|write|delete)\Z")


class CreateApiKey(RequestSchema):
    """A new key of a person."""

    person_id = IdField(required=True)
    name = Text(required=True, maximum=100)
    scopes = fields.List(
        fields.String(),
        load_default=None,
        allow_none=True,
        metadata={"description": "null: whatever the roles of the person allow"},
    )
    expires_in_days = Whole(minimum=1, maximum=MAX_DAYS, load_default=90)

    @validates("scopes")
    def _known_scopes(self, value: list[str] | None, **_: Any) -> None:
        for scope in value or ():
            match = _SCOPE.match(scope)
            if scope != "admin:*" and (match is None or match[1] not in RESOURCES):
                raise Problem("not_a_scope", scope=scope[:50])


class RevokeApiKey(RequestSchema):
    """Make a key useless at once."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)


class ApiKey(ReplySchema):
    """A key as administrators see it: never the secret, never its hash."""

    id = fields.String()
    version = fields.Integer()
    person_id = fields.String()
    name = fields.String()
    prefix = fields.String(metadata={"description": "the first characters of the secret"})
    scopes = fields.List(fields.String(), allow_none=True)
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()
    expires_at = InstantField()
    revoked_at = InstantField(allow_none=True)
    last_used_at = InstantField(allow_none=True)


class NewApiKey(ApiKey):
    """The answer to a creation: the only place where the secret is ever shown."""

    key = fields.String(
        allow_none=True,
        metadata={"description": "the secret; null when the answer is a replay"},
    )


API_KEY_LIST = ListSpec(
    fields={
        "person_id": "id",
        "name": "text",
        "expires_at": "datetime",
        "revoked_at": "datetime",
        "created_at": "datetime",
    },
    sorts=("created_at", "name"),
)
