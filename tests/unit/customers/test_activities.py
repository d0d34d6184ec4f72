"""X1: follow-ups."""

from datetime import timedelta

import pytest

from chassis.errors import Invalid
from services.customers.domain.activities import record
from tests.fixtures.customers import T0, an_activity


def test_a_follow_up_of_the_past_is_recorded_at_its_real_time() -> None:
    activity, recorded = record(an_activity(occurred_at=T0 - timedelta(days=3)), T0)

    assert activity.occurred_at < activity.created_at
    assert recorded.after is activity


def test_a_clock_that_runs_five_minutes_ahead_is_borne() -> None:
    record(an_activity(occurred_at=T0 + timedelta(minutes=5)), T0)

    with pytest.raises(Invalid) as refusal:
        record(an_activity(occurred_at=T0 + timedelta(minutes=5, seconds=1)), T0)
    assert refusal.value.details["errors"][0]["code"] == "in_the_future"


def test_the_next_contact_comes_after_this_one() -> None:
    with pytest.raises(Invalid) as refusal:
        record(an_activity(next_contact_at=T0), T0)

    assert refusal.value.details["errors"][0]["code"] == "before_occurred_at"


def test_only_a_follow_up_on_a_lead_names_a_lead() -> None:
    on_lead = an_activity(subject_type="lead", customer_id=None)

    assert on_lead.lead_id == on_lead.subject_id
    assert an_activity().lead_id is None
