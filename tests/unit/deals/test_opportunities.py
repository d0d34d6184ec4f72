"""D1: making and editing an opportunity."""

from datetime import timedelta

import pytest

from chassis.errors import Invalid, Refused
from services.deals.domain.closing import lose
from services.deals.domain.opportunities import Opportunity, edit, note_contact
from tests.fixtures.deals import MATE, REP, T0, TODAY, a_line, an_opportunity, cny

LATER = T0 + timedelta(hours=1)


def edited(opportunity: Opportunity, **changes: object) -> Opportunity:
    return edit(opportunity, changes, by=MATE, now=LATER)[0]


def test_a_new_opportunity_stands_in_the_first_stage_with_its_chance() -> None:
    made = an_opportunity(lines=(a_line(), a_line(discount_percent="10")))

    assert (made.stage, made.probability, made.status, made.version) == (
        "prospect",
        10,
        "open",
        1,
    )
    assert made.amount == cny("380.00")


def test_an_edit_is_the_next_version_and_names_before_and_after() -> None:
    made = an_opportunity()

    changed, event = edit(made, {"name": "二期"}, by=MATE, now=LATER)

    assert (changed.name, changed.version, changed.updated_by) == ("二期", 2, MATE)
    assert event is not None
    assert (event.before, event.after) == (made, changed)


def test_an_edit_that_changes_nothing_is_no_event() -> None:
    made = an_opportunity(lines=(a_line(),))

    changed, event = edit(made, {"name": made.name, "lines": (a_line(),)}, by=MATE, now=LATER)

    assert changed is made
    assert event is None


def test_the_amount_follows_the_lines() -> None:
    made = an_opportunity(amount=cny("999.00"))

    assert edited(made, lines=(a_line(),)).amount == cny("200.00")


def test_an_overridden_amount_stays_until_it_is_cleared() -> None:
    made = an_opportunity(lines=(a_line(),), amount=cny("150.00"), amount_reason="framework")

    still = edited(made, lines=(a_line(quantity="5"),))
    cleared = edited(still, amount=None)

    assert (still.amount, still.amount_reason) == (cny("150.00"), "framework")
    assert (cleared.amount, cleared.amount_reason) == (cny("500.00"), None)


def test_an_override_keeps_its_reason() -> None:
    made = an_opportunity(lines=(a_line(),), amount=cny("150.00"), amount_reason="framework")

    with pytest.raises(Invalid):
        edited(made, amount_reason=None)


def test_without_its_lines_a_deal_keeps_its_amount() -> None:
    made = an_opportunity(lines=(a_line(),))

    assert edited(made, lines=()).amount == cny("200.00")


def test_a_closed_opportunity_is_not_edited() -> None:
    lost, _ = lose(
        an_opportunity(),
        reason="price",
        text=None,
        closed_on=TODAY,
        winner=None,
        today=TODAY,
        by=REP,
        now=T0,
    )

    with pytest.raises(Refused) as caught:
        edited(lost, name="again")

    assert caught.value.code == "opportunity_closed"


def test_the_follow_up_that_happened_last_counts() -> None:
    """L16: last and next contact come from follow-ups, in any order."""
    made = an_opportunity()
    times = {"by": "system", "now": LATER}

    first, told = note_contact(
        made, occurred_at=T0, next_contact_at=T0 + timedelta(days=7), **times
    )
    older, silent = note_contact(
        first, occurred_at=T0 - timedelta(days=1), next_contact_at=None, **times
    )
    newer, _ = note_contact(
        first, occurred_at=T0 + timedelta(days=1), next_contact_at=None, **times
    )

    assert told is not None
    assert (first.last_contact_at, first.next_contact_at) == (T0, T0 + timedelta(days=7))
    assert silent is None
    assert older is first
    assert (newer.last_contact_at, newer.next_contact_at) == (T0 + timedelta(days=1), None)


def test_the_same_contact_times_again_change_nothing() -> None:
    made = an_opportunity()
    noted, _ = note_contact(made, occurred_at=T0, next_contact_at=None, by="system", now=LATER)

    again, event = note_contact(noted, occurred_at=T0, next_contact_at=None, by="system", now=LATER)

    assert again is noted
    assert event is None
