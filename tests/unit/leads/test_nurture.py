"""Last and next contact follow the latest follow-up, whatever the order of arrival (L10)."""

from datetime import timedelta
from itertools import permutations

from services.leads.domain import nurture
from services.leads.domain.lead import Lead
from tests.fixtures.leads import T0, a_lead

DAY = timedelta(days=1)


def _hear(lead: Lead, occurred: int, due: int | None = None) -> Lead:
    after, _ = nurture.contact(
        lead,
        occurred_at=T0 + occurred * DAY,
        next_contact_at=T0 + due * DAY if due is not None else None,
        by="x",
        now=T0 + 30 * DAY,
    )
    return after


def test_a_follow_up_moves_both_times() -> None:
    lead = _hear(a_lead(), 1, due=5)

    assert (lead.last_contact_at, lead.next_contact_at) == (T0 + DAY, T0 + 5 * DAY)
    assert lead.version == 2


def test_a_late_event_moves_nothing_back() -> None:
    lead = _hear(a_lead(), 3, due=8)

    assert _hear(lead, 2, due=9) is lead


def test_a_follow_up_without_a_plan_keeps_one_that_lies_ahead() -> None:
    lead = _hear(_hear(a_lead(), 1, due=5), 2)

    assert lead.next_contact_at == T0 + 5 * DAY


def test_a_follow_up_fulfils_a_plan_that_was_due() -> None:
    lead = _hear(_hear(a_lead(), 1, due=5), 6)

    assert lead.next_contact_at is None


def test_the_same_follow_up_again_changes_nothing() -> None:
    lead = _hear(a_lead(), 1, due=5)

    assert _hear(lead, 1, due=5) is lead


def test_follow_ups_of_one_instant_end_the_same_in_any_order() -> None:
    ends = set()
    for order in permutations([4, 9, None]):
        lead = a_lead()
        for due in order:
            lead = _hear(lead, 1, due)
        ends.add((lead.last_contact_at, lead.next_contact_at))

    assert ends == {(T0 + DAY, T0 + 9 * DAY)}
