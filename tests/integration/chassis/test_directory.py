"""The replica of people, and what an actor may see by it."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from chassis.actor import Actor
from chassis.db import Database
from chassis.directory import count_people, is_active, store_person
from tests.fixtures.things import RECORDS, THINGS, a_thing, add, metadata, tester

PEOPLE = metadata.tables["people"]
TEAMS = ("", "/cn/", "/cn/east/", "/cn/east/a%/", "/cn/east/ab/", "/cn/eas_/", "/us/")
"""Teams whose paths hold what LIKE takes as a wildcard."""


def person(**given_: Any) -> dict[str, Any]:
    return {
        "id": "p1", "version": 1, "name": "安娜", "team_path": "/cn/", "manager_id": None,
        "roles": ["rep"], "active": True, **given_,
    }  # fmt: skip


def store(database: Database, **given_: Any) -> bool:
    return database.run(lambda tx: store_person(tx, person(**given_)), tester)


def test_a_later_version_replaces_the_copy_and_an_earlier_one_is_ignored(
    database: Database,
) -> None:
    stored = [
        store(database, version=2, name="two"),
        store(database, version=1, name="one"),
        store(database, version=2, name="two again"),
        store(database, version=5, name="five", active=False),
        store(database, version=4, name="four"),
    ]

    assert stored == [True, False, False, True, False]
    [row] = database.run(lambda tx: tx.rows(select(PEOPLE)), tester)
    assert (row.name, row.version, row.active) == ("five", 5, False)


def test_only_an_active_person_that_is_known_is_active(database: Database) -> None:
    store(database, id="here")
    store(database, id="left", active=False)

    active = database.run(
        lambda tx: [is_active(tx, who) for who in ("here", "left", "nobody")], tester
    )

    assert active == [True, False, False]
    assert database.run(count_people, tester) == 2


@pytest.fixture
def peopled(database: Database) -> Database:
    """Two people in each team, records of each, of nobody and of somebody unknown."""
    rows = [
        person(id=f"{team}#{n}", team_path=team, name=f"{n}") for team in TEAMS for n in range(2)
    ]
    with database.transaction(tester) as tx:
        tx.execute(insert(PEOPLE), rows)
    owners = [row["id"] for row in rows] + [None, "unknown"]
    add(database, *(a_thing(owner_id=owner, kind=kind) for owner in owners for kind in "ab"))
    return database


def may_see(actor: Actor, owner: str | None) -> bool:
    """The rule in plain words: all; or the own team's and below, and one's own; or one's own."""
    level = max(["none", "own", "team", "all"].index(role[7:]) for role in actor.roles)
    if level == 3:
        return True
    if level == 0:
        return False
    if owner == actor.id:
        return True
    team = owner.partition("#")[0] if owner and "#" in owner else None
    return bool(level == 2 and actor.team_path and team and team.startswith(actor.team_path))


@given(
    roles=st.lists(
        st.sampled_from(["things-none", "things-own", "things-team", "things-all"]),
        min_size=1,
        max_size=3,
    ),
    team=st.sampled_from(TEAMS),
    number=st.integers(0, 2),
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_visible_is_what_the_rule_says(
    peopled: Database, roles: list[str], team: str, number: int
) -> None:
    """Own, team, all: decided by SQL, the greatest level of all roles wins."""
    actor = Actor(id=f"{team}#{number}", roles=tuple(roles), team_path=team)
    with peopled.transaction(actor, read_only=True) as tx:
        everything = [RECORDS.build(row) for row in tx.rows(select(THINGS))]
        seen = tx.rows(select(THINGS.c.id).where(tx.visible("things:read", THINGS.c.owner_id)))

    expected = {thing.id for thing in everything if may_see(actor, thing.owner_id)}
    assert {row.id for row in seen} == expected


def test_a_person_who_changes_team_takes_the_records_along(peopled: Database) -> None:
    mover, watcher = "/cn/east/#0", Actor(id="w", roles=("things-team",), team_path="/us/")

    def seen() -> int:
        with peopled.transaction(watcher, read_only=True) as tx:
            mine = tx.visible("things:read", THINGS.c.owner_id)
            return len(tx.rows(select(THINGS.c.id).where(mine, THINGS.c.owner_id == mover)))

    before = seen()
    store(peopled, id=mover, version=2, team_path="/us/west/")

    assert (before, seen()) == (0, 2)
