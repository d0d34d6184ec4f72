"""Instants and business days."""

from datetime import UTC, date, datetime

import pytest

from chassis import clock


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 21)),
    ],
)
def test_the_business_day_turns_at_midnight_in_shanghai(instant: datetime, day: date) -> None:
    assert clock.today(instant) == day


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T08:00:00Z", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T16:00:00+08:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("2026-11-20T08:00:00", None),
        ("tomorrow", None),
        (None, None),
        (5, None),
    ],
)
def test_an_instant_has_a_zone(text: object, expected: datetime | None) -> None:
    assert clock.parse_instant(text) == expected


def test_now_is_aware_and_milliseconds_agree_with_it() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.epoch_ms() / 1000 - clock.now().timestamp()) < 60
