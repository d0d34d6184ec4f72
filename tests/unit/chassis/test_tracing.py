"""The trace context: passed on as it came, made where there is none."""

import pytest

from chassis import tracing

PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def test_work_carries_the_context_it_was_given_and_leaves_none_behind() -> None:
    with tracing.span("x", PARENT) as header:
        inside = (header, tracing.current_traceparent(), tracing.current_trace_id())

    assert inside == (PARENT, PARENT, "a" * 32)
    assert tracing.current_traceparent() == tracing.current_trace_id() == ""


@pytest.mark.parametrize(
    "header", [None, "", 5, "nonsense", PARENT.upper(), PARENT + "\n", "01" + PARENT[2:]]
)
def test_a_malformed_context_is_replaced_by_a_fresh_one(header: object) -> None:
    first, second = tracing.accept(header), tracing.accept(header)

    assert first != second
    assert tracing.accept(first) == first


def test_the_context_is_left_when_the_work_fails() -> None:
    with pytest.raises(ValueError, match="x"), tracing.span("x", PARENT):
        raise ValueError("x")

    assert tracing.current_traceparent() == ""
