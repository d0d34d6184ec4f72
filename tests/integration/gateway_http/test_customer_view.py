"""The 360 view and the timeline over HTTP (C20)."""

from chassis.errors import Unavailable
from tests.fixtures.gateway_http import CUSTOMER_ID, LEAD_ID, CannedView, Door

PATH = f"/v1/customers/{CUSTOMER_ID}/360"


def test_the_view_is_served_as_it_comes_with_its_tag(door: Door) -> None:
    response = door.get(PATH)

    assert response.status_code == 200
    assert response.data == CannedView.body
    assert response.headers["ETag"] == '"view-1"'
    assert response.mimetype == "application/json"
    assert door.view.reads == [(CUSTOMER_ID, None, False)]


def test_a_known_view_is_answered_with_304(door: Door) -> None:
    response = door.get(PATH, If_None_Match='"view-1"')

    assert (response.status_code, response.data) == (304, b"")


def test_no_cache_reads_through(door: Door) -> None:
    door.get(PATH, Cache_Control="no-cache")

    assert door.view.reads == [(CUSTOMER_ID, None, True)]


def test_sections_can_be_chosen_and_unknown_ones_are_refused(door: Door) -> None:
    assert door.get(f"{PATH}?sections=profile,leads").status_code == 200
    assert door.view.reads[-1][1] == ["profile", "leads"]

    refused = door.get(f"{PATH}?sections=profile,money")
    assert refused.status_code == 422
    assert refused.json["errors"][0]["code"] == "not_a_choice"
    assert door.get(f"{PATH}?section=profile").json["errors"][0]["meta"] == {
        "did_you_mean": "sections"
    }


def test_another_customer_or_nonsense_is_not_found(door: Door) -> None:
    assert door.get(f"/v1/customers/{LEAD_ID}/360").status_code == 404
    assert door.get("/v1/customers/x/360").status_code == 404


def test_the_timeline_is_paged(door: Door) -> None:
    response = door.get(f"/v1/customers/{CUSTOMER_ID}/timeline?limit=5&cursor=abc")

    assert response.status_code == 200
    assert door.timelines == [(CUSTOMER_ID, 5, "abc")]
    assert "cursor=more" in response.headers["Link"]
    assert door.get(f"/v1/customers/{CUSTOMER_ID}/timeline?limit=0").status_code == 422


def test_a_failing_view_is_a_problem_like_any_other(door: Door) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("database_unavailable", retry_after=1)

    door.view.read = fail  # type: ignore[method-assign, assignment]

    assert door.get(PATH).status_code == 503
