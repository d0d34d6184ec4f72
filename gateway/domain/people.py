"""People: who they are, whom they report to, what roles they have."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from chassis.aggregate import Aggregate
from chassis.errors import Invalid

CHANGEABLE = ("name", "email", "locale", "team_path", "manager_id", "roles", "active")


@dataclass(frozen=True, kw_only=True)
class Person(Aggregate):
    """A person who works with the CRM, or the identity of a partner's system."""

    name: str
    email: str | None = None
    locale: str = "zh"
    team_path: str = ""
    manager_id: str | None = None
    roles: list[str]
    active: bool = True


@dataclass(frozen=True)
class PersonChanged:
    """A person was added or changed."""

    before: Person | None
    after: Person


def change(
    person: Person,
    changes: dict[str, Any],
    *,
    managers_above: Collection[str],
    by: str,
    now: datetime,
) -> tuple[Person, PersonChanged | None]:
    """Return the person with changed fields, and the event; None if nothing differs.

    Args:
        managers_above: The new manager and everybody above that one.

    Raises:
        Invalid: `invalid_request` naming `manager_cycle` if the person would be above itself.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not fields of a person: {sorted(unknown)}")
    if person.id in managers_above:
        raise Invalid.field("#/manager_id", "manager_cycle")
    if all(getattr(person, name) == value for name, value in changes.items()):
        return person, None
    after = person.changed(by=by, now=now, **changes)
    return after, PersonChanged(before=person, after=after)


def replica(person: Person) -> dict[str, Any]:
    """Return what the replica of people keeps of a person."""
    return {field.name: getattr(person, field.name) for field in fields(person)}
