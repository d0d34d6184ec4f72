"""Converting a lead over HTTP: accepted at once, or held until it has ended (L18)."""

from chassis.errors import Unavailable
from tests.fixtures.gateway_http import CUSTOMER_ID, LEAD_ID, Door

RUNNING = {"id": CUSTOMER_ID, "state": "running", "lead_id": LEAD_ID}
DONE = {**RUNNING, "state": "completed"}
PATH = f"/v1/leads/{LEAD_ID}/convert"


def test_a_conversion_is_accepted_and_says_where_to_look(door: Door) -> None:
    door.rpc.answer("leads", "convert_lead", RUNNING)

    response = door.post(PATH, {"create_opportunity": True}, If_Match='"3"')

    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/conversions/{CUSTOMER_ID}"
    assert response.headers["Retry-After"] == "1"
    assert door.rpc.last.payload == {
        "create_opportunity": True,
        "id": LEAD_ID,
        "expected_version": 3,
    }


def test_prefer_wait_holds_the_answer_until_the_conversion_has_ended(door: Door) -> None:
    door.rpc.answer("leads", "convert_lead", RUNNING)
    door.rpc.answer("leads", "get_conversion", RUNNING, RUNNING, DONE)

    response = door.post(PATH, {}, Prefer="wait=5")

    assert response.status_code == 200
    assert response.json == DONE
    assert response.headers["Location"] == f"/v1/conversions/{CUSTOMER_ID}"
    assert response.headers["Preference-Applied"] == "wait=5"


def test_one_that_does_not_end_in_time_is_still_accepted(door: Door) -> None:
    door.rpc.answer("leads", "convert_lead", RUNNING)
    door.rpc.answer("leads", "get_conversion", RUNNING)

    assert door.post(PATH, {}, Prefer="wait=1").status_code == 202


def test_a_service_that_goes_away_while_we_wait_does_not_unsay_the_conversion(door: Door) -> None:
    door.rpc.answer("leads", "convert_lead", RUNNING)
    door.rpc.answer("leads", "get_conversion", Unavailable("connection_lost"))

    assert door.post(PATH, {}, Prefer="wait=5").status_code == 202


def test_a_conversion_that_ended_before_is_answered_at_once(door: Door) -> None:
    door.rpc.answer("leads", "convert_lead", DONE)

    assert door.post(PATH, {}).status_code == 200
