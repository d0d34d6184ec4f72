"""Conversions: the process that a converted lead went through (L18)."""

import time
from typing import Any

from flask import Response, request

from chassis import clock
from chassis.actor import Actor
from chassis.errors import Unavailable
from chassis.validation import ById
from gateway.http import headers
from gateway.http.engine import json_response
from gateway.http.operations import Operation, Resource, Rpc
from schemas import leads as schemas

ENDED = ("completed", "compensated")
_POLL_SECONDS = 0.05
_SLOWEST_POLL_SECONDS = 0.4

CONVERSIONS = Resource(
    "conversions",
    "Conversions 线索转化",
    (
        Operation(
            verb="GET",
            path="/v1/conversions/<id>",
            service="leads",
            method="get_conversion",
            allow="leads:read",
            summary="Read how far a conversion is, and every record that it touched",
            request=ById,
            reply=schemas.Conversion,
            tagged=False,
        ),
    ),
)


def hold(rpc: Rpc, actor: Actor, reply: dict[str, Any], response: Response) -> Response:
    """Answer 200 with the end of a conversion if it comes within `Prefer: wait`, else 202."""
    seconds = headers.wait_seconds(request.headers)
    conversion = _await_end(rpc, actor, reply, seconds)
    if conversion["state"] in ENDED:
        ended = json_response(conversion, 200)
        ended.headers["Location"] = response.headers["Location"]
        response = ended
    else:
        response.headers["Retry-After"] = "1"
    if seconds:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def _await_end(rpc: Rpc, actor: Actor, conversion: dict[str, Any], seconds: int) -> dict[str, Any]:
    until, pause = clock.monotonic() + seconds, _POLL_SECONDS
    while conversion["state"] not in ENDED and clock.monotonic() + pause < until:
        time.sleep(pause)
        pause = min(pause * 1.5, _SLOWEST_POLL_SECONDS)
        try:
            left = max(until - clock.monotonic(), 0.1)
            conversion = rpc.call(
                "leads", "get_conversion", {"id": conversion["id"]}, actor, timeout=left
            )
        except Unavailable:
            break  # The conversion has begun: 202 with what is known is the truth.
    return conversion
