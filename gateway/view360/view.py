"""Puts the 360 view of a customer together, within one deadline, whoever answers.

The fast path is a look into the cache of finished views. Otherwise the services whose sections are
not fresh are asked side by side, the timeline is read while they work, and whoever does not answer
in time is shown as it was last known, or as unavailable: never as nothing, never as somebody else.
"""

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from chassis import clock, wire_json
from chassis.actor import Actor
from chassis.errors import CRMError, Forbidden, Invalid, NotFound, Unavailable
from chassis.ids import is_id
from gateway import timeline
from gateway.view360 import metrics
from gateway.view360.cache import Cache, Copy, Ticket, View
from gateway.view360.circuit import Circuit
from gateway.view360.reach import ORDER, PROFILE, SERVICE_OF, TIMELINE, Reach, reach_of
from schemas.sections import SECTIONS

log = logging.getLogger(__name__)

BUDGET_SECONDS = 1.2
"""Time of all calls together; the answer is out within 1.5 s. Source: R9."""

_FAILURES = ("deadline_exceeded", "service_unreachable", "connection_lost")
"""Codes that speak of the service, not of this process or the broker; they open its circuit."""


class Reply(Protocol):
    """A call on its way."""

    def result(self, timeout: float | None = None) -> Any:
        """Return the reply or raise a `CRMError`; not later than the call's deadline."""


class Rpc(Protocol):
    """The part of the RPC client that the view needs."""

    def send(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        actor: Actor,
        *,
        timeout: float,
    ) -> Reply:
        """Send a call."""


ReadTimeline = Callable[[Actor, str, Sequence[str]], timeline.Section]


@dataclass(frozen=True)
class _Shown:
    """A section in an answer; `until` is when it ceases to be fresh."""

    status: str
    copy: Copy | None = None
    reason: str | None = None
    until: float = 0.0


_HIDDEN = _Shown("hidden", until=math.inf)


class View360:
    """The 360 view of one process.

    Args:
        rpc: Calls to the services.
        read_timeline: Reads the timeline's section: actor, customer, ids of events heard of.
    """

    def __init__(
        self,
        rpc: Rpc,
        read_timeline: ReadTimeline = timeline.read_section,
        cache: Cache | None = None,
        budget: float = BUDGET_SECONDS,
    ) -> None:
        self._rpc = rpc
        self._read_timeline = read_timeline
        self.cache = cache or Cache()
        self._budget = budget
        self.circuits = {service: Circuit() for service in SECTIONS}

    def read(
        self,
        customer_id: str,
        actor: Actor,
        sections: Sequence[str] | None = None,
        no_cache: bool = False,
    ) -> tuple[str, bytes]:
        """Return the entity tag and the JSON of a customer's view.

        Only the given sections, or all of them if None. With `no_cache` the owners are asked,
        whatever is known.

        Raises:
            Forbidden: `missing_scope`, `missing_permission` to read customers at all.
            NotFound: `not_found`: there is no such customer, or the actor may not see it.
            Invalid: `invalid_request` naming `not_a_choice`: an unknown section.
        """
        reach = reach_of(actor)
        if reach.hidden(PROFILE):
            actor.check("customers:read")
        wanted = None if sections is None else tuple(sections)
        key = (reach.key, wanted)
        if not no_cache:
            view = self.cache.view(customer_id, key)
            if view is not None:
                metrics.count(view.statuses)
                return view.etag, view.body
        if wanted is not None and not set(wanted) <= set(ORDER):
            raise Invalid.field("query:sections", "not_a_choice", choices=list(ORDER))
        if not is_id(customer_id):
            raise NotFound("not_found", resource="customer", id=customer_id)
        ticket = self.cache.begin(customer_id)
        try:
            shown = self._gather(ticket, actor, reach, wanted or ORDER, no_cache)
            view = _finish(customer_id, reach, wanted or ORDER, shown)
            metrics.count(view.statuses)
            if view.until > 0:
                self.cache.keep_view(ticket, key, view)
        finally:
            self.cache.end(ticket)
        return view.etag, view.body

    def _gather(
        self,
        ticket: Ticket,
        actor: Actor,
        reach: Reach,
        names: Sequence[str],
        no_cache: bool,
    ) -> dict[str, _Shown]:
        """Return the sections, and the profile even if it was not asked for.

        Customers is always asked: it decides whether the actor may know of the customer at all.
        """
        shown: dict[str, _Shown] = {}
        missing: dict[str, list[str]] = {}
        for name in dict.fromkeys((PROFILE, *names)):
            if reach.hidden(name):
                shown[name] = _HIDDEN
                continue
            known = None
            if not no_cache:
                known = self.cache.fresh(ticket.customer_id, name, reach.scopes[name])
            if known:
                shown[name] = _Shown("fresh", known[0], until=known[1])
            else:
                missing.setdefault(SERVICE_OF[name], []).append(name)
        fill = _Fill(self, ticket, actor, reach)
        shown.update(fill.run(missing, self._budget))
        return shown

    def ask(
        self, service: str, names: Sequence[str], ticket: Ticket, actor: Actor, budget: float
    ) -> Reply:
        """Send the question for the sections of one service.

        Raises:
            Unavailable: Nothing was sent.
        """
        if not self.circuits[service].may_ask():
            raise Unavailable("circuit_open")
        payload = {"customer_id": ticket.customer_id, "sections": list(names)}
        return self._rpc.send(service, "get_customer_sections", payload, actor, timeout=budget)

    def look_up_timeline(self, ticket: Ticket, actor: Actor) -> tuple[Copy, bool]:
        """Return the timeline's section, and whether it holds all events heard of.

        Raises:
            Unavailable: The gateway's own database does not answer.
        """
        if not self.circuits["gateway"].may_ask():
            raise Unavailable("circuit_open")
        heard = self.cache.heard(ticket.customer_id)
        try:
            section = self._read_timeline(actor, ticket.customer_id, heard)
        except Unavailable:
            self.circuits["gateway"].failed()
            raise
        self.circuits["gateway"].answered()
        if section.settled:
            self.cache.seen(ticket.customer_id, heard)
        copy = Copy(section.as_of, section.version, wire_json.dumps(section.data))
        return copy, section.settled


@dataclass(frozen=True)
class _Fill:
    """One round of questions about one customer."""

    view: View360
    ticket: Ticket
    actor: Actor
    reach: Reach

    def run(self, missing: Mapping[str, list[str]], budget: float) -> dict[str, _Shown]:
        """Ask for what is missing, side by side, and return it."""
        shown: dict[str, _Shown] = {}
        pending: dict[str, Reply] = {}
        started = clock.monotonic()
        for service, names in missing.items():
            if service == "gateway":
                continue
            try:
                pending[service] = self.view.ask(service, names, self.ticket, self.actor, budget)
            except Unavailable as error:
                shown.update(self._missed(names, error.code))
        if "gateway" in missing:
            shown[TIMELINE] = self._timeline()
        try:
            for service in list(pending):
                names = missing[service]
                shown.update(self._collect(service, names, pending.pop(service)))
                metrics.observe(names, clock.monotonic() - started)
        finally:
            for reply in pending.values():
                _abandon(reply)
        return shown

    def _timeline(self) -> _Shown:
        started = clock.monotonic()
        try:
            copy, settled = self.view.look_up_timeline(self.ticket, self.actor)
        except Unavailable as error:
            return self._last_known(TIMELINE, error.code)
        finally:
            metrics.observe((TIMELINE,), clock.monotonic() - started)
        if not settled:
            # True as far as it goes, but the next reader must look again.
            return _Shown("fresh", copy)
        return self._fresh(TIMELINE, copy)

    def _collect(self, service: str, names: Sequence[str], reply: Reply) -> dict[str, _Shown]:
        circuit = self.view.circuits[service]
        try:
            answer = reply.result()
        except Unavailable as error:
            if error.code in _FAILURES:
                circuit.failed()
            return self._missed(names, error.code)
        except (NotFound, Forbidden):
            circuit.answered()
            if service == SERVICE_OF[PROFILE]:
                raise
            return self._missed(names, "refused")
        except CRMError as error:
            circuit.answered()
            return self._missed(names, error.code)
        circuit.answered()
        if not _is_answer(answer, self.ticket.customer_id):
            log.error("foreign_reply", extra={"service": service})
            return self._missed(names, "foreign_reply")
        return {name: self._section(name, answer["sections"].get(name)) for name in names}

    def _section(self, name: str, section: Any) -> _Shown:
        if not isinstance(section, Mapping):
            return self._last_known(name, "section_missing")
        if section.get("status") == "hidden":
            return self._fresh(name, Copy("", "", b"null", hidden=True))
        if section.get("status") != "fresh" or section.get("data") is None:
            return self._last_known(name, "section_missing")
        if name == "leads":
            self._link_leads(section["data"])
        data = wire_json.dumps(section["data"])
        return self._fresh(name, Copy(str(section["as_of"]), str(section["version"]), data))

    def _fresh(self, name: str, copy: Copy) -> _Shown:
        scope = self.reach.scopes[name]
        until = self.view.cache.keep(self.ticket, name, scope, copy)
        return _Shown("hidden" if copy.hidden else "fresh", copy, until=until)

    def _missed(self, names: Sequence[str], reason: str) -> dict[str, _Shown]:
        return {name: self._last_known(name, reason) for name in names}

    def _last_known(self, name: str, reason: str) -> _Shown:
        scope = self.reach.scopes[name]
        copy = self.view.cache.stale(self.ticket.customer_id, name, scope)
        if copy is None:
            return _Shown("unavailable", reason=reason)
        return _Shown("hidden" if copy.hidden else "stale", copy, reason)

    def _link_leads(self, data: Any) -> None:
        items = data.get("items") if isinstance(data, Mapping) else None
        ids = [item["id"] for item in items or () if isinstance(item, Mapping) and "id" in item]
        self.view.cache.link_leads(self.ticket.customer_id, ids)


def _abandon(reply: Reply) -> None:
    """Stop waiting for a reply that nobody needs, so that it does not count as in flight."""
    try:
        reply.result(0)
    except CRMError:
        return


def _is_answer(answer: Any, customer_id: str) -> bool:
    return (
        isinstance(answer, Mapping)
        and answer.get("customer_id") == customer_id
        and isinstance(answer.get("sections"), Mapping)
    )


def _finish(
    customer_id: str, reach: Reach, names: Sequence[str], shown: Mapping[str, _Shown]
) -> View:
    """Return the finished answer; the profile counts for how long it may be kept, shown or not."""
    digest = hashlib.sha256(reach.key.encode())
    parts, statuses = [], []
    for name in names:
        section = shown[name]
        version = section.copy.version if section.copy else ""
        digest.update(f"|{name}:{section.status}:{version}".encode())
        parts.append(_fragment(name, section))
        statuses.append((name, section.status))
    partial = any(status in ("stale", "unavailable") for _, status in statuses)
    head = orjson.dumps(
        {
            "customer_id": customer_id,
            "as_of": wire_json.instant(clock.now()),
            "partial": partial,
        }
    )
    body = head[:-1] + b',"sections":{' + b",".join(parts) + b"}}"
    until = 0.0 if partial else min(section.until for section in shown.values())
    return View(f'"{digest.hexdigest()[:32]}"', body, until, tuple(statuses))


def _fragment(name: str, section: _Shown) -> bytes:
    copy = section.copy if section.status in ("fresh", "stale") else None
    described: dict[str, Any] = {
        "status": section.status,
        "as_of": copy.as_of if copy else None,
        "version": copy.version if copy else None,
        "data": orjson.Fragment(copy.data) if copy else None,
    }
    if section.reason and section.status != "hidden":
        described["reason"] = section.reason
    return b'"' + name.encode() + b'":' + orjson.dumps(described)
