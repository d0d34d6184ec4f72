"""D5: won, lost, open again."""

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Invalid, Refused
from chassis.money import Money
from services.deals.domain.closing import AGREED_AT_CLOSE, lose, reopen, win
from services.deals.domain.opportunities import Opportunity
from tests.fixtures.deals import REP, T0, TODAY, a_line, a_pipeline, an_opportunity, cny


def won(opportunity: Opportunity, **facts: Any) -> Opportunity:
    given = {
        "reason": "product",
        "text": None,
        "closed_on": TODAY,
        "amount": None,
        "today": TODAY,
        "by": REP,
        "now": T0,
        **facts,
    }
    return win(opportunity, **given)[0]


def lost(opportunity: Opportunity, **facts: Any) -> Opportunity:
    given = {
        "reason": "competitor",
        "text": None,
        "closed_on": TODAY,
        "winner": "Acme 水务",
        "today": TODAY,
        "by": REP,
        "now": T0,
        **facts,
    }
    return lose(opportunity, **given)[0]


def test_a_win_has_result_date_reason_and_amount() -> None:
    closed = won(an_opportunity(amount=cny("88.00")))

    assert (closed.status, closed.probability, closed.closed_on) == ("won", 100, TODAY)
    assert (closed.close_reason, closed.amount) == ("product", cny("88.00"))
    assert closed.stage == "prospect"


def test_a_win_needs_an_amount() -> None:
    with pytest.raises(Invalid) as caught:
        won(an_opportunity())

    assert caught.value.details["errors"][0]["pointer"] == "#/amount"
    assert won(an_opportunity(), amount=cny("5.00")).amount == cny("5.00")


def test_an_amount_agreed_at_the_close_overrides_the_lines_and_says_so() -> None:
    closed = won(an_opportunity(lines=(a_line(),)), amount=cny("190.00"))

    assert (closed.amount, closed.amount_reason) == (cny("190.00"), AGREED_AT_CLOSE)
    assert won(an_opportunity(lines=(a_line(),))).amount_reason is None


def test_a_win_keeps_the_currency_of_the_deal() -> None:
    with pytest.raises(Invalid):
        won(an_opportunity(amount=cny("88.00")), amount=Money.of("88", "USD"))


def test_a_loss_keeps_stage_and_amount_and_may_name_the_winner() -> None:
    closed = lost(an_opportunity(amount=cny("88.00")))

    assert (closed.status, closed.probability, closed.winner) == ("lost", 0, "Acme 水务")
    assert (closed.stage, closed.amount) == ("prospect", cny("88.00"))


@pytest.mark.parametrize("close", [won, lost])
def test_the_reason_other_needs_words(close: Any) -> None:
    opportunity = an_opportunity(amount=cny("88.00"))

    with pytest.raises(Invalid) as caught:
        close(opportunity, reason="other")

    assert caught.value.details["errors"][0]["pointer"] == "#/reason_text"
    assert close(opportunity, reason="other", text="老板换人").close_text == "老板换人"


@pytest.mark.parametrize("close", [won, lost])
def test_no_deal_is_closed_tomorrow(close: Any) -> None:
    with pytest.raises(Invalid) as caught:
        close(an_opportunity(amount=cny("1.00")), closed_on=TODAY + timedelta(days=1))

    assert caught.value.details["errors"][0]["code"] == "in_the_future"


@pytest.mark.parametrize("first", [won, lost])
@pytest.mark.parametrize("second", [won, lost])
def test_a_deal_is_closed_once(first: Any, second: Any) -> None:
    closed = first(an_opportunity(amount=cny("1.00")))

    with pytest.raises(Refused) as caught:
        second(closed)

    assert caught.value.code == "opportunity_closed"
    assert caught.value.details["status"] == closed.status


@pytest.mark.parametrize("close", [won, lost])
def test_reopening_restores_stage_and_chance_and_forgets_the_result(close: Any) -> None:
    closed = close(an_opportunity(amount=cny("1.00")))

    again, event = reopen(closed, a_pipeline(), by=REP, now=T0)

    assert (again.status, again.stage, again.probability) == ("open", "prospect", 10)
    assert (again.closed_on, again.close_reason, again.winner) == (None, None, None)
    assert event.before == closed


def test_an_open_deal_can_not_be_reopened() -> None:
    with pytest.raises(Refused) as caught:
        reopen(an_opportunity(), a_pipeline(), by=REP, now=T0)

    assert caught.value.code == "opportunity_not_closed"
