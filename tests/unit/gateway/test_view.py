"""The 360 view, whoever answers: honest about what is missing, never somebody else's (C20, M4)."""

import json
import threading
from dataclasses import replace

import pytest

from chassis import clock
from chassis.errors import Forbidden, InternalError, Invalid, NotFound, Unavailable
from chassis.ids import new_id
from gateway.timeline import Section
from gateway.view360.circuit import FAILURES
from gateway.view360.reach import ORDER
from gateway.view360.view import View360
from tests.fixtures.gateway import (
    CUSTOMER,
    SILENCE,
    FakeServices,
    admin,
    ann,
    answer,
    bo,
    boss,
    partner,
)

OTHER = "01930000-0000-7000-8000-00000000c002"


class Log:
    """The timeline's reader: what it shows, and what it was told of."""

    def __init__(self):
        self.version, self.settled, self.failure, self.reads = 1, True, None, []

    def __call__(self, actor, customer_id, heard_of):
        self.reads.append((customer_id, list(heard_of)))
        if self.failure:
            raise self.failure
        data = {"of": customer_id, "items": [], "has_more": False}
        return Section("2026-11-20T08:00:00Z", f"t{self.version}", data, self.settled)


@pytest.fixture
def services():
    return FakeServices()


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def view(services, log):
    return View360(services, log, budget=0.05)


def read(view, actor=admin, customer=CUSTOMER, **options):
    tag, body = view.read(customer, actor, **options)
    return tag, json.loads(body)


def statuses(answer_):
    return {name: section["status"] for name, section in answer_["sections"].items()}


def test_all_sections_come_from_their_owners_in_one_answer(view, services):
    _, found = read(view)

    assert list(found["sections"]) == list(ORDER)
    assert set(statuses(found).values()) == {"fresh"}
    assert found["customer_id"] == CUSTOMER
    assert found["partial"] is False
    assert found["sections"]["contracts"]["data"]["of"] == CUSTOMER
    assert found["sections"]["contracts"]["version"] == "v1"
    assert sorted(service for service, _ in services.asked) == [
        "customers", "deals", "finance", "leads",
    ]  # fmt: skip
    assert services.in_flight == 0


def test_a_second_read_asks_nobody_and_has_the_same_tag(view, services, log):
    first = view.read(CUSTOMER, admin)
    second = view.read(CUSTOMER, admin)

    assert second == first
    assert len(services.asked) == 4
    assert len(log.reads) == 1


def test_no_cache_asks_the_owners_and_keeps_what_they_say(view, services):
    read(view)
    services.versions["deals"] = 2
    tag, found = read(view, no_cache=True)

    assert found["sections"]["contracts"]["version"] == "v2"
    assert len(services.asked) == 8
    assert view.read(CUSTOMER, admin)[0] == tag


def test_only_the_owner_of_what_an_event_touched_is_asked_again(view, services):
    read(view)
    view.cache.drop(CUSTOMER, {"opportunities", "contracts"})
    services.asked.clear()
    services.versions["deals"] = 2
    _, found = read(view)

    assert services.asked == [("deals", ("opportunities", "contracts"))]
    assert found["sections"]["contracts"]["version"] == "v2"


def test_the_tag_changes_with_any_section_and_only_then(view, services):
    before, _ = read(view)
    same, _ = read(view, no_cache=True)
    services.versions["finance"] = 2
    after, _ = read(view, no_cache=True)

    assert same == before
    assert after != before


def test_the_tag_tells_a_stale_section_from_a_fresh_one(view, services):
    before, _ = read(view)
    services.outcomes["finance"] = SILENCE
    after, _ = read(view, no_cache=True)

    assert after != before


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (SILENCE, "deadline_exceeded"),
        (Unavailable("service_unreachable"), "service_unreachable"),
        (Unavailable("not_connected"), "not_connected"),
        (InternalError(), "internal_error"),
        (lambda customer, sections: {"sections": {}}, "foreign_reply"),
        (lambda customer, sections: {"customer_id": customer, "sections": {}}, "section_missing"),
        (lambda customer, sections: None, "foreign_reply"),
        (NotFound("not_found"), "refused"),
    ],
    ids=[
        "silent", "killed", "not sent", "broken", "no customer", "no section", "nothing",
        "refusing",
    ],
)  # fmt: skip
def test_a_service_that_does_not_answer_does_not_blank_the_rest(view, services, outcome, reason):
    services.outcomes["finance"] = outcome

    _, found = read(view)

    assert found["partial"] is True
    for name in ("receivables", "receipts", "refunds"):
        section = found["sections"][name]
        assert (section["status"], section["reason"]) == ("unavailable", reason)
        assert section["data"] is None
    assert statuses(found)["contracts"] == "fresh"
    assert services.in_flight == 0


def test_the_last_known_section_is_shown_as_stale_with_its_time(view, services):
    _, before = read(view)
    services.outcomes["finance"] = SILENCE
    view.cache.drop_all()

    _, found = read(view)

    shown = found["sections"]["receipts"]
    assert (shown["status"], shown["reason"]) == ("stale", "deadline_exceeded")
    assert shown["as_of"] == before["sections"]["receipts"]["as_of"]
    assert shown["data"] == before["sections"]["receipts"]["data"]


def test_a_partial_view_is_not_kept(view, services):
    services.outcomes["finance"] = SILENCE
    read(view)
    services.outcomes.clear()

    _, found = read(view)

    assert found["partial"] is False


def test_an_answer_about_another_customer_is_never_shown_nor_kept(view, services):
    services.outcomes["deals"] = lambda customer, sections: answer(OTHER, sections)

    _, found = read(view)
    services.outcomes["deals"] = SILENCE
    _, later = read(view)

    assert statuses(found)["contracts"] == statuses(later)["contracts"] == "unavailable"
    assert OTHER not in json.dumps([found, later])


def test_nothing_of_one_customer_reaches_another_under_late_and_mixed_replies(view, services):
    customers = [new_id() for _ in range(5)]
    turn = iter(range(10**6))

    def sometimes_late(customer, sections):
        number = next(turn)
        if number % 5 == 0:
            return answer(customers[number % 3], sections)
        return answer(customer, sections)

    for service in ("leads", "deals", "finance"):
        services.outcomes[service] = sometimes_late
    for number in range(400):
        customer = customers[number % 5]
        _, found = read(view, customer=customer, no_cache=number % 2 == 0)
        for section in found["sections"].values():
            assert section["data"] is None or section["data"]["of"] == customer


def test_a_customer_that_is_not_there_or_not_visible_is_not_found(view, services):
    services.outcomes["customers"] = NotFound("not_found", resource="customer")

    with pytest.raises(NotFound):
        view.read(CUSTOMER, ann)

    assert services.in_flight == 0


def test_an_id_that_is_none_is_not_found_and_nobody_is_asked(view, services):
    with pytest.raises(NotFound):
        view.read("nonsense", admin)

    assert services.asked == []


def test_when_customers_is_away_the_rest_is_shown(view, services):
    services.outcomes["customers"] = SILENCE

    _, found = read(view)

    assert statuses(found)["profile"] == "unavailable"
    assert statuses(found)["receivables"] == "fresh"


def test_a_section_without_permission_is_hidden_and_not_asked_for(view, services):
    _, found = read(view, partner)

    assert statuses(found)["receivables"] == "hidden"
    assert found["sections"]["receivables"]["data"] is None
    assert all(service != "finance" for service, _ in services.asked)
    assert found["partial"] is False


def test_a_section_that_its_owner_hides_stays_hidden_from_the_cache(view, services):
    def hiding(customer, sections):
        hidden = {"status": "hidden", "as_of": "", "version": "", "data": None}
        return {"customer_id": customer, "sections": dict.fromkeys(sections, hidden)}

    services.outcomes["finance"] = hiding
    read(view)
    view.cache.drop_all()
    services.outcomes["finance"] = SILENCE

    _, found = read(view)

    assert statuses(found)["receipts"] == "hidden"


def test_who_may_not_read_customers_is_told(view):
    with pytest.raises(Forbidden, match="missing_scope"):
        view.read(CUSTOMER, replace(admin, scopes=("leads:read",)))


def test_people_of_different_reach_never_share_a_copy(view, services):
    read(view, ann)
    services.asked.clear()
    read(view, bo)

    assert len(services.asked) == 4
    read(view, boss)
    assert len(services.asked) == 8


def test_chosen_sections_come_alone_but_customers_is_still_asked(view, services):
    _, found = read(view, sections=["leads"])

    assert list(found["sections"]) == ["leads"]
    assert sorted(services.asked) == [("customers", ("profile",)), ("leads", ("leads",))]


def test_an_unknown_section_is_refused(view):
    with pytest.raises(Invalid):
        view.read(CUSTOMER, admin, sections=["orders"])


def test_a_fill_that_began_before_an_event_is_not_kept(view, services):
    event_came = threading.Event()

    def event_while_deals_answers(service):
        if service == "deals" and not event_came.is_set():
            event_came.set()
            view.cache.drop(CUSTOMER, {"opportunities", "contracts", "timeline"})

    services.before_answer = event_while_deals_answers
    read(view)
    services.asked.clear()
    services.versions["deals"] = 2

    _, found = read(view)

    assert found["sections"]["contracts"]["version"] == "v2"
    assert services.asked == [("deals", ("opportunities", "contracts"))]


def test_a_timeline_that_lacks_events_heard_of_is_read_again(view, log):
    view.cache.hear(CUSTOMER, "event-1")
    log.settled = False
    read(view)
    log.settled, log.version = True, 2

    _, found = read(view)
    read(view)

    assert found["sections"]["timeline"]["version"] == "t2"
    assert log.reads == [(CUSTOMER, ["event-1"]), (CUSTOMER, ["event-1"])]


def test_when_the_log_does_not_answer_the_rest_is_shown(view, log):
    log.failure = Unavailable("database_unavailable")

    _, found = read(view)

    assert statuses(found)["timeline"] == "unavailable"
    assert statuses(found)["profile"] == "fresh"


def test_a_silent_service_makes_only_few_readers_wait_and_is_found_again(view, services):
    services.outcomes["finance"] = SILENCE
    for _ in range(FAILURES):
        read(view, customer=new_id())
    services.asked.clear()

    _, found = read(view)

    assert found["sections"]["receipts"]["reason"] == "circuit_open"
    assert all(service != "finance" for service, _ in services.asked)
    services.outcomes.clear()
    view.circuits["finance"]._next_try = 0.0
    assert statuses(read(view)[1])["receipts"] == "fresh"
    assert not view.circuits["finance"].is_open


def test_the_silence_of_all_services_together_takes_one_budget(services, log):
    view = View360(services, log, budget=0.3)
    services.outcomes = dict.fromkeys(("customers", "leads", "deals", "finance"), SILENCE)
    started = clock.monotonic()

    _, found = read(view)

    assert clock.monotonic() - started < 2 * 0.3
    assert statuses(found)["profile"] == "unavailable"


def test_reads_and_events_at_once_never_leave_an_outdated_copy(view, services):
    stop = threading.Event()
    failures = []

    def keep_reading():
        while not stop.is_set():
            try:
                view.read(CUSTOMER, admin)
            except Exception as error:
                failures.append(error)

    readers = [threading.Thread(target=keep_reading) for _ in range(4)]
    for reader in readers:
        reader.start()
    for version in range(2, 60):
        services.versions["deals"] = version  # Committed first, then the event goes round.
        view.cache.drop(CUSTOMER, {"opportunities", "contracts", "timeline"})
        assert read(view)[1]["sections"]["contracts"]["version"] == f"v{version}"
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
