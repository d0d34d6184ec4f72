"""Which events end the freshness of what."""

import pytest

from gateway.view360.cache import Cache, Copy
from gateway.view360.invalidation import Invalidation
from gateway.view360.reach import ORDER
from tests.fixtures.gateway import ANN, CUSTOMER, LEAD, an_event

OTHER = "01930000-0000-7000-8000-00000000c002"


@pytest.fixture
def cache():
    """Return a cache in which all sections of two customers are fresh."""
    cache = Cache()
    for customer in (CUSTOMER, OTHER):
        ticket = cache.begin(customer)
        for section in ORDER:
            cache.keep(ticket, section, "", Copy("", "v1", b"{}"))
        cache.end(ticket)
    return cache


def fresh(cache, customer=CUSTOMER):
    return {name for name in ORDER if cache.fresh(customer, name, "")}


@pytest.mark.parametrize(
    ("source", "gone"),
    [
        ("customers", {"profile", "contacts", "activities", "timeline"}),
        ("leads", {"leads", "timeline"}),
        ("deals", {"opportunities", "contracts", "timeline"}),
        ("finance", {"receivables", "receipts", "refunds", "timeline"}),
    ],
)
def test_an_event_drops_the_sections_of_its_service_and_the_timeline(cache, source, gone):
    Invalidation(cache).on_event(an_event(source=source, customerid=CUSTOMER))

    assert fresh(cache) == set(ORDER) - gone
    assert fresh(cache, OTHER) == set(ORDER)


def test_an_event_without_a_customer_drops_nothing(cache):
    Invalidation(cache).on_event(an_event("lead_created", source="leads", subject=f"lead/{LEAD}"))

    assert fresh(cache) == set(ORDER)


def test_an_event_of_a_lead_drops_the_timeline_of_the_customer_it_became(cache):
    cache.link_leads(CUSTOMER, [LEAD])

    Invalidation(cache).on_event(an_event("follow_up_recorded", leadid=LEAD))

    assert "timeline" not in fresh(cache)


def test_a_contact_of_several_customers_drops_all_of_them(cache):
    event = an_event(
        "contact_updated", customerid=CUSTOMER, after={"customers": [{"customer_id": OTHER}]}
    )

    Invalidation(cache).on_event(event)

    assert "contacts" not in fresh(cache) | fresh(cache, OTHER)


def test_a_contact_that_leaves_a_customer_is_dropped_there_too(cache):
    here, there = [{"customer_id": CUSTOMER}], [{"customer_id": OTHER}]
    event = an_event(
        "contact_updated",
        customerid=CUSTOMER,
        changes={"customers": [here + there, here]},
        after={"customers": here},
    )

    Invalidation(cache).on_event(event)

    assert "contacts" not in fresh(cache) | fresh(cache, OTHER)


def test_a_record_that_changes_its_customer_drops_both(cache):
    event = an_event(
        "opportunity_updated",
        source="deals",
        customerid=OTHER,
        changes={"customer_id": [CUSTOMER, OTHER]},
    )

    Invalidation(cache).on_event(event)

    assert "opportunities" not in fresh(cache) | fresh(cache, OTHER)


def test_a_person_who_changes_team_drops_everything(cache):
    event = an_event(
        "person_changed",
        source="gateway",
        subject=f"person/{ANN}",
        changes={"team_path": ["/a/", "/b/"]},
    )

    Invalidation(cache).on_event(event)

    assert fresh(cache) == fresh(cache, OTHER) == set()


def test_a_person_who_changes_its_name_drops_nothing(cache):
    event = an_event("person_changed", source="gateway", changes={"name": ["a", "b"]})

    Invalidation(cache).on_event(event)

    assert fresh(cache) == set(ORDER)


def test_a_lost_subscription_drops_everything(cache):
    Invalidation(cache).on_lost()

    assert fresh(cache) == fresh(cache, OTHER) == set()
