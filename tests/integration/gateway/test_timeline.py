"""The timeline: a customer's whole story, to each reader what he may see (C20, L18)."""

from dataclasses import replace

import pytest

from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import new_id
from gateway import timeline
from tests.fixtures.gateway import (
    ANN,
    BO,
    CUSTOMER,
    LEAD,
    admin,
    an_event,
    ann,
    ask,
    bo,
    boss,
    log_events,
    partner,
)

OPPORTUNITY = f"opportunity/{new_id()}"


@pytest.fixture
def story(service):
    """Log a lead of Ann's that became a customer of Ann's with an opportunity of Bo's."""
    lead = {"source": "leads", "subject": f"lead/{LEAD}", "leadid": LEAD}
    log_events(
        service,
        an_event("lead_created", **lead, owner_id=None),
        an_event("lead_claimed", **lead, version=2, changes={"owner_id": [None, ANN]}),
        an_event("follow_up_recorded", subject=f"activity/{new_id()}", leadid=LEAD, owner_id=BO,
                 after={"body": "长" * 500}),
        an_event("customer_created", customerid=CUSTOMER, after={"name": "云帆"}),
        an_event("contact_created", subject=f"contact/{new_id()}", customerid=CUSTOMER,
                 owner_id=None),
        an_event("lead_converted", **lead, version=3, customerid=CUSTOMER,
                 after={"customer_id": CUSTOMER}),
        an_event("opportunity_created", source="deals", subject=OPPORTUNITY, customerid=CUSTOMER,
                 owner_id=BO, after={"name": "一期"}),
        an_event("customer_created", customerid=new_id(), subject=f"customer/{new_id()}"),
    )  # fmt: skip
    return service


def types(actor, customer=CUSTOMER):
    return [item["type"] for item in timeline.read(actor, customer)["items"]]


EVERYTHING = [
    "opportunity_created", "lead_converted", "contact_created", "customer_created",
    "follow_up_recorded", "lead_claimed", "lead_created",
]  # fmt: skip


def test_it_holds_the_story_of_the_lead_too_newest_first(story):
    assert types(admin) == EVERYTHING


def test_the_owner_of_a_customer_sees_contacts_and_activities_of_others_but_not_their_deals(story):
    assert types(ann) == [name for name in EVERYTHING if name != "opportunity_created"]


def test_a_manager_sees_what_the_team_owns(story):
    assert types(boss) == EVERYTHING


def test_who_may_not_see_the_customer_is_told_there_is_none(story):
    for actor in (bo, replace(boss, team_path="/us/")):
        with pytest.raises(NotFound):
            timeline.read(actor, CUSTOMER)
    with pytest.raises(NotFound):
        timeline.read(admin, new_id())
    with pytest.raises(NotFound):
        timeline.read(admin, "nonsense")


def test_the_new_owner_of_a_customer_sees_its_whole_past(story):
    log_events(story, an_event(customerid=CUSTOMER, version=2, owner_id=BO))

    assert "contact_created" in types(bo)
    with pytest.raises(NotFound):
        timeline.read(ann, CUSTOMER)


def test_when_the_owner_changes_team_the_old_team_sees_nothing(story):
    east = replace(boss, team_path="/cn/east/")
    assert "customer_created" in types(east)

    ask(story.update_person, {"id": ANN, "team_path": "/us/"}, admin)

    with pytest.raises(NotFound):
        timeline.read(east, CUSTOMER)


def test_a_key_limited_in_scope_sees_only_the_kinds_that_it_names(story):
    narrow = replace(admin, scopes=("customers:read", "opportunities:read"))

    assert types(narrow) == ["opportunity_created", "customer_created"]
    with pytest.raises(Forbidden, match="missing_scope"):
        timeline.read(replace(admin, scopes=("leads:read",)), CUSTOMER)


def test_an_entry_says_who_did_what(story):
    log_events(
        story,
        an_event(
            "customer_updated", customerid=CUSTOMER, version=2, actor=BO,
            changes={"region": ["华东", "华北"], "version": [1, 2], "updated_by": [ANN, BO]},
        ),
    )  # fmt: skip
    items = timeline.read(admin, CUSTOMER)["items"]

    assert items[0]["actor_name"] == "波"
    assert items[0]["changes"] == {"region": ["华东", "华北"]}
    assert next(i for i in items if i["type"] == "customer_created")["summary"] == {"name": "云帆"}
    follow_up = next(i for i in items if i["type"] == "follow_up_recorded")
    assert len(follow_up["summary"]["body"]) == 200


def test_pages_follow_each_other_without_gap_or_double_while_events_arrive(story):
    seen, cursor = [], None
    for number in range(10):
        page = timeline.read(admin, CUSTOMER, limit=2, cursor=cursor)
        seen += [item["type"] for item in page["items"]]
        cursor = page["next_cursor"]
        log_events(story, an_event(customerid=CUSTOMER, version=number + 2))
        if not page["has_more"]:
            break

    assert seen == EVERYTHING


def test_a_cursor_of_another_customer_or_a_forged_one_is_refused(story):
    cursor = timeline.read(admin, CUSTOMER, limit=1)["next_cursor"]
    other = new_id()
    log_events(story, an_event(customerid=other, subject=f"customer/{other}"))

    for customer, given in ((other, cursor), (CUSTOMER, cursor[:-2] + "AA"), (CUSTOMER, "密")):
        with pytest.raises(Invalid, match="cursor_mismatch"):
            timeline.read(admin, customer, cursor=given)


@pytest.mark.parametrize("limit", [0, 201, -1])
def test_a_limit_out_of_range_is_refused(story, limit):
    with pytest.raises(Invalid):
        timeline.read(admin, CUSTOMER, limit=limit)


def test_the_section_knows_whether_it_holds_what_was_heard_of(story):
    event = an_event(customerid=CUSTOMER, version=2)
    before = timeline.read_section(admin, CUSTOMER, [event["id"]])
    log_events(story, event)
    after = timeline.read_section(admin, CUSTOMER, [event["id"]])

    assert (before.settled, after.settled) == (False, True)
    assert before.version != after.version
    assert after.data["items"][0]["id"] == event["id"]


def test_the_section_is_short_and_says_that_there_is_more(story):
    log_events(story, *(an_event(customerid=CUSTOMER, version=n) for n in range(2, 30)))

    section = timeline.read_section(admin, CUSTOMER)

    assert len(section.data["items"]) == timeline.SECTION_LIMIT
    assert section.data["has_more"] is True


def test_the_section_of_a_reader_without_rights_is_empty(story):
    assert timeline.read_section(replace(partner, roles=()), CUSTOMER).data["items"] == []
