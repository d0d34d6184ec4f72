"""Sample data through the API of the whole system, in its smallest size."""

import pytest

from omnibus import sample
from omnibus.sample import SampleResult
from schemas.sections import SECTIONS
from tests.fixtures.system import System


def _key(system: System) -> str:
    return str(system.admin.http.headers["Authorization"]).removeprefix("Bearer ")


@pytest.fixture(scope="module")
def made(system: System) -> SampleResult:
    seen: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, what: str) -> None:
        seen.append((done, total, what))

    result = sample.seed(system.url, _key(system), size="tiny", progress=progress)
    done, total, _ = seen[-1]
    assert done == total == len(seen), "the bar ends where it said it would"
    return result


def test_the_sample_customer_has_data_in_every_section(system: System, made: SampleResult) -> None:
    """C20, L18, D5, F1, F3, F5: one road through all four services, walked by the seeding."""
    view = system.admin.get(f"/customers/{made.sample_customer_id}/360")
    sections = view["sections"]
    assert set(sections) == {name for names in SECTIONS.values() for name in names}
    assert {section["status"] for section in sections.values()} == {"fresh"}
    for name, section in sections.items():
        data = section["data"]
        size = data.get("total", data.get("count", len(data.get("items", ()))))
        assert name == "profile" or size > 0, f"{name} is empty"
    receivables = sections["receivables"]["data"]
    assert receivables["overdue_count"] == 1
    assert receivables["collected"][0]["amount"] != "0.00"


def test_seeding_again_makes_other_customers_and_the_same_people(
    system: System, made: SampleResult
) -> None:
    people = len(system.admin.get("/people", limit=200)["items"])
    again = sample.seed(system.url, _key(system), size="tiny")
    assert len(system.admin.get("/people", limit=200)["items"]) == people
    assert set(again.customer_ids) - set(made.customer_ids)
