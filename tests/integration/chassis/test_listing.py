"""Lists: every filter against an oracle, pages that neither lose nor repeat, signed cursors."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from chassis import listing
from chassis.actor import Actor
from chassis.db import Database
from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.listing import Listing, ListSpec, Page
from tests.fixtures.things import RECORDS, T0, THINGS, Thing, a_thing, add, tester

SPEC = ListSpec(
    fields={
        "name": "text", "owner_id": "id", "kind": "enum:a|b|c", "size": "int",
        "amount": "decimal", "due_on": "date", "seen_at": "datetime", "good": "bool",
    },
    sorts=("name", "size", "created_at"),
    default_sort="-created_at",
    search=True,
)  # fmt: skip
LISTING = Listing(
    SPEC,
    {**{name: THINGS.c[name] for name in SPEC.fields}, "created_at": THINGS.c.created_at},
    THINGS.c.id,
    search=lambda wanted: THINGS.c.name.icontains(wanted, autoescape=True),
    sort_columns={"size": func.coalesce(THINGS.c.size, -1)},
)


def page(database: Database, actor: Actor = tester, **query: Any) -> Page:
    with database.transaction(actor, read_only=True) as tx:
        return LISTING.page(tx, select(THINGS), query, RECORDS.build)


# -- filters ----------------------------------------------------------------------------------

OWNERS = tuple(new_id() for _ in range(3))
NAMES = ("客户 one", "CLIENT 100%", "client_100", "a\\b", "Ünïcode", "客户 Two", "100", "x,y")
DAY = date(2026, 11, 20)
AMOUNTS = (Decimal("-1.50"), Decimal("0.00"), Decimal("10.10"), Decimal("10.11"), None)


def the_things() -> list[Thing]:
    """Return records in which every value comes more than once, and none sometimes."""
    some = Random(7)
    return [
        a_thing(
            name=f"{some.choice(NAMES)} {number}",
            owner_id=some.choice([*OWNERS, None]),
            kind=some.choice("abc"),
            size=some.choice([number, None]),
            amount=some.choice(AMOUNTS),
            due_on=some.choice([DAY + timedelta(days=n) for n in range(3)] + [None]),
            seen_at=some.choice([T0 + timedelta(hours=n) for n in range(3)] + [None]),
            good=some.random() < 0.5,
        )
        for number in range(60)
    ]


@pytest.fixture
def filled(database: Database) -> Database:
    add(database, *the_things())
    return database


def compare(operator: str, left: Any, right: Any) -> bool:
    if left is None:
        return False
    found: bool = {
        "gte": left >= right, "gt": left > right, "lte": left <= right, "lt": left < right,
    }[operator]  # fmt: skip
    return found


READ: dict[str, Callable[[str], Any]] = {
    "text": str, "id": str, "enum": str, "int": int, "decimal": Decimal,
    "bool": lambda text: text == "true", "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}  # fmt: skip


def meets(thing: Thing, parameter: str, given_: str) -> bool:
    """The meaning of a filter in plain Python."""
    name, _, operator = parameter.partition(".")
    value = getattr(thing, name)
    read = READ[SPEC.fields[name].partition(":")[0]]
    if operator == "is_null":
        return (value is None) == (given_ == "true")
    if operator == "contains":
        return value is not None and given_.lower() in value.lower()
    if operator == "":
        return value in [read(item) for item in given_.split(",")]
    return compare(operator, value, read(given_))


def values(kind: str) -> st.SearchStrategy[str]:
    """Return texts that a filter of a kind may be given."""
    instants = [T0 + timedelta(minutes=30 * n) for n in range(-1, 6)]
    one: st.SearchStrategy[str] = {
        "text": st.sampled_from(["客户", "client", "100%", "_", "\\", "nowhere", "e", " 1"]),
        "id": st.sampled_from([*OWNERS, new_id()]),
        "enum": st.sampled_from("abc"),
        "int": st.integers(-2, 61).map(str),
        "decimal": st.sampled_from(["-1.5", "0", "10.1", "10.105", "1e1", "99"]),
        "date": st.sampled_from([str(DAY + timedelta(days=n)) for n in range(-1, 4)]),
        "datetime": st.sampled_from(
            [each.isoformat() for each in instants]
            + [each.astimezone(UTC).isoformat().replace("+00:00", "Z") for each in instants]
        ),
        "bool": st.sampled_from(["true", "false"]),
    }[kind.partition(":")[0]]
    return one


@st.composite
def a_filter(draw: st.DrawFn) -> tuple[str, str]:
    """Return one parameter with a value; lists where equality takes them."""
    parameter = draw(st.sampled_from(sorted(SPEC.parameters())))
    kind = SPEC.parameters()[parameter]
    if "." in parameter:
        return parameter, draw(values(kind))
    given_ = st.lists(values(kind), min_size=1, max_size=3).map(",".join)
    return parameter, draw(given_ if kind != "text" else values(kind))


@given(filters=st.lists(a_filter(), min_size=1, max_size=3).map(dict))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_filter_finds_what_its_words_say(filled: Database, filters: dict[str, str]) -> None:
    everything = page(filled, limit=200).items

    found = page(filled, limit=200, filters=filters, count="exact")

    expected = {
        thing.id
        for thing in everything
        if all(meets(thing, parameter, given_) for parameter, given_ in filters.items())
    }
    assert {thing.id for thing in found.items} == expected
    assert found.total == len(expected)


def test_me_is_the_actor_in_an_id_filter(filled: Database) -> None:
    somebody = Actor(id=OWNERS[0])

    mine = page(filled, somebody, limit=200, filters={"owner_id": "me"})

    assert mine.items and {thing.owner_id for thing in mine.items} == {OWNERS[0]}


def test_search_goes_together_with_filters(filled: Database) -> None:
    found = page(filled, limit=200, q="客户", filters={"kind": "a,b"})

    assert found.items
    assert all("客户" in thing.name and thing.kind in "ab" for thing in found.items)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"limit": 0}, ("query:limit", "limit_out_of_range", {"maximum": 200})),
        ({"limit": 201}, ("query:limit", "limit_out_of_range", {"maximum": 200})),
        ({"limit": -1}, ("query:limit", "limit_out_of_range", {"maximum": 200})),
        ({"sort": "amount"},
         ("query:sort", "invalid_field", {"expected": "name|size|created_at"})),
        ({"sort": "name,size,created_at,-name"}, ("query:sort", "too_many", {"maximum": 3})),
        ({"filters": {"nam": "x"}},
         ("query:nam", "unknown_parameter", {"did_you_mean": "name"})),
        ({"filters": {"zzz": "x"}}, ("query:zzz", "unknown_parameter", {})),
        ({"filters": {"kind.gte": "a"}}, ("query:kind.gte", "unknown_parameter", None)),
        ({"filters": {"kind": "d"}}, ("query:kind", "invalid_field", {"expected": "a|b|c"})),
        ({"filters": {"size": "many"}}, ("query:size", "invalid_field", {"expected": "int"})),
        ({"filters": {"size": str(2**31)}}, ("query:size", "invalid_field", None)),
        ({"filters": {"amount": "NaN"}}, ("query:amount", "invalid_field", None)),
        ({"filters": {"amount": "1e400000"}}, ("query:amount", "invalid_field", None)),
        ({"filters": {"amount": "ten"}}, ("query:amount", "invalid_field", None)),
        ({"filters": {"due_on": "20.11."}},
         ("query:due_on", "invalid_field", {"expected": "YYYY-MM-DD"})),
        ({"filters": {"seen_at.gt": "2026-11-20T08:00:00"}},
         ("query:seen_at.gt", "invalid_field", {"expected": "RFC 3339 instant with zone"})),
        ({"filters": {"good": "yes"}}, ("query:good", "invalid_field", {"expected": "bool"})),
        ({"filters": {"size.is_null": "1"}},
         ("query:size.is_null", "invalid_field", {"expected": "true|false"})),
        ({"filters": {"owner_id": "x"}}, ("query:owner_id", "invalid_field", {"expected": "id"})),
        ({"filters": {"name": "a\0b"}}, ("query:name", "invalid_field", None)),
        ({"filters": {"name.contains": "a\0b"}}, ("query:name.contains", "invalid_field", None)),
    ],
    ids=str,
)  # fmt: skip
def test_what_can_not_be_asked_is_named(
    database: Database, query: dict[str, Any], expected: tuple[str, str, Any]
) -> None:
    with pytest.raises(Invalid) as refusal:
        page(database, **query)

    [error] = refusal.value.details["errors"]
    pointer, code, meta = expected
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert meta is None or error["meta"] == meta


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\0b"},
        {"q": "%_\\"},
        {"filters": {"seen_at.gt": "0001-01-01T00:00:00+14:00"}},
        {"filters": {"size.lt": str(-(2**31))}},
        {"filters": {"amount.lt": "1e25"}},
    ],
    ids=str,
)
def test_the_strangest_values_find_nothing_or_something_but_do_not_fail(
    database: Database, query: dict[str, Any]
) -> None:
    assert page(database, **query).items == []


def test_all_wrong_parameters_are_named_at_once(database: Database) -> None:
    with pytest.raises(Invalid) as refusal:
        page(database, limit=999, sort="no", filters={"size": "x", "nothing": "y"})

    assert len(refusal.value.details["errors"]) == 4


def test_a_list_without_search_refuses_a_search(database: Database) -> None:
    plain = Listing(SPEC, LISTING.columns, THINGS.c.id)
    with database.transaction(tester) as tx, pytest.raises(Invalid) as refusal:
        plain.page(tx, select(THINGS), {"q": "x"}, RECORDS.build)

    assert refusal.value.details["errors"][0]["pointer"] == "query:q"


# -- pages ------------------------------------------------------------------------------------


def many(count: int) -> list[Thing]:
    """Return records many of which share their instant, so that the id must break ties."""
    return [
        a_thing(name=f"n{number:04}", size=number, created_at=T0 + timedelta(seconds=number // 7))
        for number in range(count)
    ]


@pytest.mark.parametrize("sort", ["-created_at", "created_at", "-size", "name", "created_at,-size"])
def test_a_walk_meets_every_row_that_stays_exactly_once_while_others_come_and_go(
    database: Database, sort: str
) -> None:
    """A4, small: 500 rows, a fifth of them deleted, moved or new during the walk."""
    things = many(500)
    add(database, *things)
    some = Random(3)
    doomed = [thing.id for thing in some.sample(things, 60)]
    stay = {thing.id for thing in things} - set(doomed)
    met: list[str] = []
    cursor = None
    turns = 0
    while True:
        found = page(database, limit=37, sort=sort, cursor=cursor)
        met.extend(thing.id for thing in found.items)
        cursor = found.next_cursor
        if cursor is None:
            break
        turns += 1
        with database.transaction(tester) as tx:
            gone, doomed = doomed[:5], doomed[5:]
            tx.execute(delete(THINGS).where(THINGS.c.id.in_(gone)))
            at = T0 + timedelta(seconds=some.randrange(72))
            RECORDS.add(tx, *(a_thing(created_at=at, size=1000 + turns * 3 + n) for n in range(3)))
            tx.execute(update(THINGS).where(THINGS.c.id.in_(doomed)).values(kind="c"))

    assert turns >= 12
    assert len(met) == len(set(met))
    assert stay <= set(met)


def test_pages_are_in_order_and_the_last_one_says_so(database: Database) -> None:
    add(database, *many(10))

    first = page(database, limit=6, sort="-size")
    second = page(database, limit=6, sort="-size", cursor=first.next_cursor)

    assert [t.size for t in first.items + second.items] == list(range(9, -1, -1))
    assert first.dump(items=[])["has_more"] and second.dump() == {
        "items": second.items, "next_cursor": None, "has_more": False,
    }  # fmt: skip
    assert page(database, limit=10).next_cursor is None


def test_without_a_limit_a_page_has_fifty(database: Database) -> None:
    add(database, *many(60))

    found = page(database, count="exact")

    assert (len(found.items), found.total, found.dump()["total"]) == (50, 60, 60)


@pytest.mark.parametrize(
    "change",
    [
        {"sort": "-name"}, {"q": "n"}, {"filters": {"kind": "a"}}, {"filters": {"size.gt": "1"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_cursor_of_another_list_is_refused(database: Database, change: dict[str, Any]) -> None:
    add(database, *many(10))
    cursor = page(database, limit=5, sort="name").next_cursor

    with pytest.raises(Invalid, match="cursor_mismatch"):
        page(database, **{"limit": 5, "sort": "name", "cursor": cursor, **change})


def test_a_cursor_may_be_used_with_another_page_size(database: Database) -> None:
    add(database, *many(10))
    cursor = page(database, limit=5, sort="name").next_cursor

    assert [t.size for t in page(database, limit=2, sort="name", cursor=cursor).items] == [5, 6]


@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_forged_cursor_is_refused(database: Database, data: st.DataObject) -> None:
    """A4: whatever it is made of."""
    with database.transaction(tester) as tx:
        tx.execute(delete(THINGS))
    add(database, *many(10))
    cursor = page(database, limit=5).next_cursor
    assert cursor is not None
    place = data.draw(st.integers(0, len(cursor) - 2))
    letter = data.draw(st.sampled_from("ABab01-_").filter(lambda one: one != cursor[place]))
    changed = cursor[:place] + letter + cursor[place + 1 :]
    forged = data.draw(st.one_of(st.just(changed), st.text(min_size=1), st.just(cursor + "AAAA")))

    with pytest.raises(Invalid, match="cursor_mismatch"):
        page(database, limit=5, cursor=forged)


def test_a_well_signed_place_that_is_none_is_refused(database: Database) -> None:
    """After an update that changed the sort's columns an old cursor may be all that."""
    mark = listing._mark({"sort": None, "q": None, "filters": {}})

    with pytest.raises(Invalid, match="cursor_mismatch"):
        page(database, cursor=listing.seal_place(">s:x", mark))
