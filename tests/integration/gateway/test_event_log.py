"""The event log: every event once, in order of arrival, without gaps."""

from sqlalchemy import func, select

from chassis.ids import new_id
from gateway.persistence.tables import converted_leads, event_log, log_subjects
from tests.fixtures.gateway import ANN, BO, CUSTOMER, LEAD, admin, an_event, log_events
from tests.fixtures.races import together

OTHER = "01930000-0000-7000-8000-00000000c002"


def rows(service):
    with service.database.transaction(admin) as tx:
        return tx.rows(select(event_log).order_by(event_log.c.seq))


def test_events_are_numbered_as_they_arrive_for_all_and_per_customer(service):
    batch = [
        an_event(customerid=CUSTOMER),
        an_event(customerid=OTHER, subject=f"customer/{OTHER}"),
        an_event("lead_created", source="leads", subject=f"lead/{LEAD}", leadid=LEAD),
        an_event(customerid=CUSTOMER, version=2),
    ]

    log_events(service, *batch[:3])
    log_events(service, batch[3])

    found = rows(service)
    assert [row.event_id for row in found] == [event["id"] for event in batch]
    assert [row.seq for row in found] == [1, 2, 3, 4]
    assert [row.customer_seq for row in found] == [1, 1, None, 2]
    assert found[0].body == batch[0]["data"]


def test_an_event_that_comes_again_is_logged_once(service):
    event, other = an_event(), an_event(version=2)

    assert log_events(service, event, event) == 1
    assert log_events(service, event, other) == 1
    assert log_events(service, event) == 0
    assert [row.seq for row in rows(service)] == [1, 2]


def test_four_writers_at_once_leave_neither_gap_nor_double(service):
    customers = [new_id() for _ in range(7)]

    def write(writer):
        for number in range(10):
            log_events(
                service,
                *(
                    an_event(
                        customerid=customers[(writer + number + i) % 7], subject=f"x/{new_id()}"
                    )
                    for i in range(5)
                ),
            )

    together([lambda writer=writer: write(writer) for writer in range(4)])

    found = rows(service)
    assert [row.seq for row in found] == list(range(1, 201))
    for customer in customers:
        numbers = [row.customer_seq for row in found if row.customer_id == customer]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_batch_that_is_rolled_back_leaves_no_gap(service):
    good = an_event()
    log_events(service, good)

    try:
        with service.database.transaction(admin) as tx:
            service.on_any_event(tx, [an_event(version=2)])
            raise RuntimeError
    except RuntimeError:
        pass
    log_events(service, an_event(version=3))

    assert [row.seq for row in rows(service)] == [1, 2]


def test_the_owner_of_a_subject_is_that_of_its_latest_version(service):
    log_events(service, an_event(version=3, owner_id=BO), an_event(version=1, owner_id=ANN))
    log_events(service, an_event(version=2, owner_id=ANN))

    with service.database.transaction(admin) as tx:
        subject = tx.row(select(log_subjects))
    assert (subject.version, subject.owner_id) == (3, BO)


def test_which_customer_a_lead_became_is_remembered(service):
    event = an_event(
        "lead_converted",
        source="leads",
        subject=f"lead/{LEAD}",
        after={"customer_id": CUSTOMER},
        customerid=CUSTOMER,
        leadid=LEAD,
    )
    log_events(service, event)

    with service.database.transaction(admin) as tx:
        assert tuple(tx.row(select(converted_leads))) == (LEAD, CUSTOMER)


def test_odd_events_do_not_stop_the_log(service):
    odd = [
        an_event(after={"name": "nul \0 and \\u0000", "k\0": ["\0"]}),
        an_event(time="yesterday", version=2**40),
        an_event(customerid="no-id", actor=None, leadid=7),
        an_event(subject="nothing", owner_id=None),
    ]

    assert log_events(service, *odd) == 4
    assert rows(service)[0].body["after"]["name"] == "nul \ufffd and \\u0000"


def test_a_large_batch_goes_in_at_once(service):
    assert log_events(service, *(an_event(subject=f"lead/{new_id()}") for _ in range(500))) == 500
    with service.database.transaction(admin) as tx:
        assert tx.value(select(func.max(event_log.c.seq))) == 500
