"""Requests and replies about people: who they are, which team and roles they have."""

import re
from typing import Any

from marshmallow import fields, validates

from chassis.listing import ListSpec
from chassis.validation import (
    Choice,
    IdField,
    InstantField,
    Problem,
    ReplySchema,
    RequestSchema,
    Text,
    Whole,
)
from schemas.policy import ROLES

LOCALES = ("zh", "en")
GIVEN_ROLES = tuple(sorted(role for role in ROLES if role != "system"))
"""Roles that a person can have; `system` belongs to schedules and listeners."""

_TEAM_PATH = re.compile(r"(/([a-z0-9-]+/)*)?\Z")


class TeamPath(Text):
    """Path of a team, such as `/cn/east/sales/`; empty text means no team."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(minimum=0, maximum=255, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        path = super()._deserialize(value, attr, data, **kwargs)
        if not _TEAM_PATH.match(path):
            raise Problem("not_a_team_path")
        return path


class Email(Text):
    """An e-mail address, as far as its form tells; no name server is asked."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        from email_validator import EmailNotValidError, validate_email

        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError:
            raise Problem("not_an_email") from None


class CreatePerson(RequestSchema):
    """A new person."""

    name = Text(required=True, maximum=100)
    email = Email(load_default=None, allow_none=True)
    locale = Choice(LOCALES, load_default="zh")
    team_path = TeamPath(load_default="")
    manager_id = IdField(load_default=None, allow_none=True)
    roles = fields.List(Choice(GIVEN_ROLES), required=True)

    @validates("roles")
    def _no_role_twice(self, value: list[str], **_: Any) -> None:
        _distinct(value)


class UpdatePerson(RequestSchema):
    """Changes of a person; an absent field stays as it is, null clears it."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    name = Text(maximum=100)
    email = Email(allow_none=True)
    locale = Choice(LOCALES)
    team_path = TeamPath()
    manager_id = IdField(allow_none=True)
    roles = fields.List(Choice(GIVEN_ROLES))
    active = fields.Boolean(
        truthy={True},
        falsy={False},
        metadata={"description": "false bars all keys of the person"},
    )

    @validates("roles")
    def _no_role_twice(self, value: list[str], **_: Any) -> None:
        _distinct(value)


def _distinct(roles: list[str]) -> None:
    if not roles:
        raise Problem("too_few", minimum=1)
    if len(set(roles)) != len(roles):
        raise Problem("not_distinct")


class Person(ReplySchema):
    """A person."""

    id = fields.String()
    version = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    locale = fields.String()
    team_path = fields.String()
    manager_id = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    active = fields.Boolean()
    created_at = InstantField()
    created_by = fields.String()
    updated_at = InstantField()
    updated_by = fields.String()


PEOPLE_LIST = ListSpec(
    fields={
        "name": "text",
        "team_path": "text",
        "manager_id": "id",
        "active": "bool",
        "created_at": "datetime",
    },
    sorts=("name", "created_at"),
    default_sort="name",
)
