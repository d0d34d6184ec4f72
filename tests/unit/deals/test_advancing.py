"""D2, D3: moving along a pipeline."""

from datetime import timedelta

import pytest

from chassis.errors import Invalid, Refused
from services.deals.domain.advancing import advance
from services.deals.domain.closing import lose
from services.deals.domain.opportunities import Opportunity
from tests.fixtures.deals import REP, T0, TODAY, a_pipeline, an_opportunity

LATER = T0 + timedelta(days=3)


def moved(
    opportunity: Opportunity, stage: str | None = None, reason: str | None = None
) -> Opportunity:
    return advance(opportunity, a_pipeline(), stage, reason, by=REP, now=LATER)[0]


def test_the_next_stage_is_the_default_and_brings_its_chance() -> None:
    after = moved(an_opportunity())

    assert (after.stage, after.probability, after.version) == ("needs", 35, 2)


def test_stages_can_be_skipped() -> None:
    assert moved(an_opportunity(), "signing").probability == 90


def test_going_back_needs_a_reason() -> None:
    ahead = moved(an_opportunity(), "signing")

    with pytest.raises(Invalid) as caught:
        moved(ahead, "needs")

    assert caught.value.details["errors"][0]["pointer"] == "#/reason"
    assert moved(ahead, "needs", "预算被砍").probability == 35


def test_a_stage_of_another_pipeline_is_refused_with_the_choices() -> None:
    with pytest.raises(Invalid) as caught:
        moved(an_opportunity(), "won")

    assert caught.value.details["errors"][0]["meta"]["choices"] == [
        "prospect",
        "needs",
        "signing",
    ]


@pytest.mark.parametrize(
    ("start", "stage", "code"),
    [
        pytest.param(None, "prospect", "already_in_stage", id="where it is"),
        pytest.param("signing", None, "last_stage_reached", id="beyond the last"),
    ],
)
def test_there_must_be_somewhere_to_go(start: str | None, stage: str | None, code: str) -> None:
    opportunity = an_opportunity()
    if start:
        opportunity = moved(opportunity, start)

    with pytest.raises(Refused) as caught:
        moved(opportunity, stage)

    assert caught.value.code == code


def test_a_closed_opportunity_does_not_move() -> None:
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
        moved(lost)

    assert caught.value.code == "opportunity_closed"
