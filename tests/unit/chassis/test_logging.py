"""Logs: one JSON object a line, Chinese readable, joined by trace and request."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import logging
from chassis import logging as logs, tracing
logs.configure("leads")
log = logging.getLogger("chassis.test")
log.debug("hidden")
with tracing.span("x", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"):
    with logs.bind_context(request_id="r1", nothing=""):
        log.info("客户已创建", extra={"customer": "华东机械", "count": 3, "what": {1, 2}.__class__})
with logs.bind_context():
    log.warning("plain %s", "text")
try:
    raise ValueError("because")
except ValueError:
    log.exception("failed")
"""


def lines(**environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "LOG_FORMAT": "json", "LOG_LEVEL": "INFO", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def logged() -> list[dict[str, Any]]:
    """What the program above logs as JSON."""
    return [json.loads(line) for line in lines()]


def test_every_line_is_one_object_with_the_process_and_an_instant(
    logged: list[dict[str, Any]],
) -> None:
    assert [each["event"] for each in logged] == ["客户已创建", "plain text", "failed"]
    assert {each["process"] for each in logged} == {"leads"}
    assert all(each["timestamp"].endswith("Z") and each["level"] for each in logged)


def test_chinese_is_readable_as_it_stands() -> None:
    [line] = [each for each in lines() if "r1" in each]

    assert "客户已创建" in line and "华东机械" in line


def test_a_line_carries_trace_request_and_extras_of_its_work_only(
    logged: list[dict[str, Any]],
) -> None:
    first, second, _ = logged

    assert (first["trace_id"], first["request_id"]) == ("a" * 32, "r1")
    assert (first["count"], first["customer"]) == (3, "华东机械")
    assert "nothing" not in first
    assert not {"trace_id", "request_id", "count"} & set(second)


def test_an_exception_is_part_of_its_line(logged: list[dict[str, Any]]) -> None:
    assert "ValueError: because" in logged[-1]["exception"]


def test_the_console_form_is_for_people() -> None:
    text = "\n".join(lines(LOG_FORMAT="console", LOG_LEVEL="DEBUG", NO_COLOR="1"))

    assert "客户已创建" in text and "hidden" in text and not text.startswith("{")
