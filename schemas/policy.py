"""The one policy table: role → permission → level (own, team, all).

A permission is `<resource>:<action>`. The table is data: services ask it through the actor, and
every list, read, search and 360 section applies its level by SQL.
"""

from chassis.actor import Level, define_roles

_RESOURCES = {
    "leads": ("read", "create", "update", "claim", "convert", "import"),
    "customers": ("read", "create", "update"),
    "contacts": ("read", "create", "update"),
    "activities": ("read", "create"),
    "opportunities": ("read", "create", "update", "advance", "win", "lose"),
    "contracts": ("read", "create", "update", "submit"),
    "receivables": ("read",),
    "receipts": ("read", "create", "allocate"),
    "refunds": ("read", "create"),
    "jobs": ("read", "create", "cancel"),
    "people": ("read",),
}


def _everything(level: Level) -> dict[str, Level]:
    return {f"{name}:{action}": level for name, actions in _RESOURCES.items() for action in actions}


ROLES: dict[str, dict[str, Level]] = {
    # People and keys are managed by administrators alone.
    "admin": {"*": Level.ALL},
    # Contracts and refunds are approved by a manager who is not their author.
    "manager": {
        **_everything(Level.TEAM),
        "contracts:approve": Level.TEAM,
        "refunds:approve": Level.TEAM,
        "people:read": Level.ALL,
    },
    "rep": {**_everything(Level.OWN), "people:read": Level.ALL},
    # A partner system hands leads in and follows what became of them.
    "partner": {
        "leads:read": Level.OWN,
        "leads:create": Level.OWN,
        "leads:update": Level.OWN,
        "leads:import": Level.OWN,
        "jobs:read": Level.OWN,
        "jobs:create": Level.OWN,
        "customers:read": Level.OWN,
        "activities:read": Level.OWN,
        "activities:create": Level.OWN,
    },
    # Schedules, listeners and the steps of sagas.
    "system": {"*": Level.ALL},
}

define_roles(ROLES)
