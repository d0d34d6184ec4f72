"""One line per request, in either form of logs."""

import json
import logging
from dataclasses import replace

import pytest

from chassis.settings import read_settings
from gateway.http import access_log

FACTS = {
    "method": "GET",
    "route": "/v1/leads/<id>",
    "status": 200,
    "seconds": 0.0123,
    "request_id": "r-1",
    "client": "k-1",
}


@pytest.fixture(autouse=True)
def at_info() -> None:
    """Log requests, whatever another test chose."""
    access_log.log.setLevel(logging.INFO)


def _with_format(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(access_log, "settings", lambda: replace(read_settings(), log_format=form))


def test_a_request_is_one_json_line_with_its_route_never_its_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _with_format(monkeypatch, "json")

    access_log.write(**FACTS)

    line = json.loads(capsys.readouterr().out)
    assert line["event"] == "http_request"
    assert (line["route"], line["status"], line["milliseconds"]) == ("/v1/leads/<id>", 200, 12.3)
    assert (line["request_id"], line["client"], line["level"]) == ("r-1", "k-1", "info")
    assert line["timestamp"].endswith("Z")


def test_on_a_console_it_goes_the_way_of_all_logs(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    _with_format(monkeypatch, "console")

    with caplog.at_level(logging.INFO):
        access_log.write(**FACTS)

    assert capsys.readouterr().out == ""
    assert caplog.records[0].message == "http_request"


def test_a_quieter_level_silences_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _with_format(monkeypatch, "json")
    access_log.log.setLevel(logging.WARNING)

    access_log.write(**FACTS)

    assert capsys.readouterr().out == ""
