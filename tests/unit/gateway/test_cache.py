"""The memory of the 360 view: fresh, stale, bounded, never filled with the outdated (C20)."""

from gateway.view360.cache import FRESH_SECONDS, STALE_SECONDS, Cache, Copy, View
from tests.fixtures.gateway import CUSTOMER, LEAD

OTHER = "01930000-0000-7000-8000-00000000c002"
KEY = ("reach", None)


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


def a_copy(data=b'{"a":1}'):
    return Copy("2026-11-20T08:00:00Z", "v1", data)


def a_view(cache_clock, body=b"{}"):
    return View('"x"', body, cache_clock() + FRESH_SECONDS, (("profile", "fresh"),))


def fill(cache, section="profile", scope="", customer=CUSTOMER, copy=None):
    ticket = cache.begin(customer)
    until = cache.keep(ticket, section, scope, copy or a_copy())
    cache.end(ticket)
    return until


def test_a_section_is_fresh_for_a_while_then_a_stale_copy_then_gone():
    now = Clock()
    cache = Cache(now)
    fill(cache)

    assert cache.fresh(CUSTOMER, "profile", "")[0] == a_copy()
    now.at += FRESH_SECONDS
    assert cache.fresh(CUSTOMER, "profile", "") is None
    assert cache.stale(CUSTOMER, "profile", "") == a_copy()
    now.at += STALE_SECONDS
    assert cache.stale(CUSTOMER, "profile", "") is None


def test_what_one_reader_sees_is_not_given_to_a_reader_of_other_reach():
    cache = Cache(Clock())
    fill(cache, scope="person ann")

    assert cache.fresh(CUSTOMER, "profile", "person bo") is None
    assert cache.stale(CUSTOMER, "profile", "person bo") is None
    assert cache.stale(OTHER, "profile", "person ann") is None


def test_an_event_ends_the_freshness_of_the_sections_it_touches_only():
    now = Clock()
    cache = Cache(now)
    fill(cache, "profile")
    fill(cache, "contracts")
    ticket = cache.begin(CUSTOMER)
    cache.keep_view(ticket, KEY, a_view(now))
    cache.end(ticket)

    cache.drop(CUSTOMER, {"contracts", "timeline"})

    assert cache.fresh(CUSTOMER, "contracts", "") is None
    assert cache.stale(CUSTOMER, "contracts", "") is not None
    assert cache.fresh(CUSTOMER, "profile", "") is not None
    assert cache.view(CUSTOMER, KEY) is None


def test_a_fill_that_began_before_an_invalidation_is_not_fresh():
    now = Clock()
    cache = Cache(now)
    ticket = cache.begin(CUSTOMER)
    cache.drop(CUSTOMER, {"profile"})

    assert cache.keep(ticket, "profile", "", a_copy()) == 0
    assert cache.keep(ticket, "contracts", "", a_copy()) > 0
    cache.keep_view(ticket, KEY, a_view(now))

    assert cache.fresh(CUSTOMER, "profile", "") is None
    assert cache.view(CUSTOMER, KEY) is None


def test_a_fill_that_began_after_an_invalidation_is_fresh():
    cache = Cache(Clock())
    earlier = cache.begin(CUSTOMER)
    cache.drop(CUSTOMER, {"profile"})
    later = cache.begin(CUSTOMER)

    assert cache.keep(later, "profile", "", a_copy()) > 0
    cache.end(earlier)
    cache.end(later)


def test_a_lost_subscription_ends_the_freshness_of_everything_and_of_fills_under_way():
    cache = Cache(Clock())
    fill(cache, customer=OTHER)
    ticket = cache.begin(CUSTOMER)

    cache.drop_all()

    assert cache.fresh(OTHER, "profile", "") is None
    assert cache.stale(OTHER, "profile", "") is not None
    assert cache.keep(ticket, "profile", "", a_copy()) == 0


def test_nothing_new_is_fresh_while_no_events_arrive():
    cache = Cache(Clock())
    listening = False
    cache.trust(lambda: listening)

    assert fill(cache) == 0
    listening = True
    assert fill(cache) > 0


def test_nothing_new_is_fresh_while_people_are_being_copied():
    now = Clock()
    cache = Cache(now)
    cache.drop_all(distrust_seconds=5)

    assert fill(cache) == 0
    now.at += 5
    assert fill(cache) > 0


def test_memory_is_bounded_and_the_customer_read_longest_ago_goes_first():
    cache = Cache(Clock(), max_bytes=2500)
    for name in ("a", "b", "c"):
        fill(cache, customer=name, copy=a_copy(b"x" * 1000))
        cache.fresh("a", "profile", "")

    assert cache.stale("a", "profile", "") is None
    assert cache.stale("b", "profile", "") is not None
    assert cache.stale("c", "profile", "") is not None


def test_a_copy_that_replaces_another_counts_once():
    cache = Cache(Clock(), max_bytes=2500)
    fill(cache, customer="a", copy=a_copy(b"x" * 1000))
    for _ in range(10):
        fill(cache, customer="b", copy=a_copy(b"x" * 1000))

    assert cache.stale("a", "profile", "") is not None


def test_readers_of_many_reaches_do_not_fill_the_memory():
    cache = Cache(Clock())
    for number in range(1000):
        fill(cache, scope=f"person {number}")

    assert cache.stale(CUSTOMER, "profile", "person 0") is None
    assert cache.stale(CUSTOMER, "profile", "person 999") is not None


def test_events_heard_of_are_remembered_until_they_are_seen_in_the_log():
    now = Clock()
    cache = Cache(now)
    cache.hear(CUSTOMER, "one")
    cache.hear(CUSTOMER, "two")
    cache.seen(CUSTOMER, ["one"])

    assert cache.heard(CUSTOMER) == ["two"]
    now.at += 61
    assert cache.heard(CUSTOMER) == []


def test_the_customer_of_a_converted_lead_is_remembered():
    cache = Cache(Clock())
    cache.link_leads(CUSTOMER, [LEAD])

    assert cache.customer_of_lead(LEAD) == CUSTOMER
    assert cache.customer_of_lead("other") is None
