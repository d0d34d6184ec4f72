"""Tracing hooks: the W3C trace context follows a request over HTTP, RPC, outbox and event.

The context is a header here; spans are recorded when an OpenTelemetry SDK is configured, since only
its API is called.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_current: ContextVar[str] = ContextVar("traceparent", default="")
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("omnibus")


def new_traceparent() -> str:
    """Return a fresh trace context."""
    # An identifier, not a secret: no system call for each.
    return f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01"


def accept(header: object) -> str:
    """Return a well-formed trace context: the given one, or a fresh one."""
    if isinstance(header, str) and _TRACEPARENT.match(header):
        return header
    return new_traceparent()


def current_traceparent() -> str:
    """Return the trace context of the running work, or ""."""
    return _current.get()


def current_trace_id() -> str:
    """Return the trace id of the running work, or ""."""
    return _current.get()[3:35]


@cache
def _records() -> bool:
    """Return whether an SDK was configured before the first piece of work; asked once."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def span(name: str, traceparent: object) -> Iterator[str]:
    """Run a block as part of a trace; yields the context that further calls carry on."""
    header = accept(traceparent)
    if not _records():
        # The header alone travels on, and no span is made.
        token = _current.set(header)
        try:
            yield header
        finally:
            _current.reset(token)
        return
    context = _propagator.extract({"traceparent": header})
    with _tracer.start_as_current_span(name, context=context) as active:
        carrier: dict[str, str] = {}
        if active.is_recording():
            _propagator.inject(carrier)
        token = _current.set(carrier.get("traceparent", header))
        try:
            yield _current.get()
        finally:
            _current.reset(token)
