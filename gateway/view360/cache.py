"""What is known of customers, in this process: a bounded memory of sections and finished views.

A section is fresh until an event touches it or its time is over; then it is kept as a stale copy,
for when its service does not answer. A fill that began before an invalidation is not stored: every
fill carries a ticket, and an invalidation marks the tickets of the fills that are under way.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from chassis import clock

FRESH_SECONDS = 30.0
STALE_SECONDS = 600.0
MAX_BYTES = 32 << 20
"""Bytes of section data and views that one process keeps."""

_VARIANTS = 64
"""Copies of one customer, for readers of different reach, before all of them are forgotten."""

_LEADS_LIMIT = 50_000
_HEARD_LIMIT = 100
_HEARD_SECONDS = 60.0


@dataclass(frozen=True)
class Copy:
    """A section as its owner gave it; `data` is JSON.

    Attributes:
        hidden: The owner showed nothing of it to this reach.
    """

    as_of: str
    version: str
    data: bytes
    hidden: bool = False


@dataclass(frozen=True)
class View:
    """A finished answer, all of whose sections are fresh until an instant of the clock."""

    etag: str
    body: bytes
    until: float
    statuses: tuple[tuple[str, str], ...]


@dataclass(eq=False)
class Ticket:
    """A fill under way; what was invalidated meanwhile is not stored."""

    customer_id: str
    dropped: set[str] = field(default_factory=set)
    everything: bool = False


@dataclass
class _Kept:
    copy: Copy
    fresh_until: float
    stale_until: float


@dataclass
class _Customer:
    sections: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    views: dict[tuple[str, tuple[str, ...] | None], View] = field(default_factory=dict)
    size: int = 0


class Cache:
    """Bounded, thread-safe; the customer read longest ago goes first."""

    def __init__(
        self, now: Callable[[], float] = clock.monotonic, max_bytes: int = MAX_BYTES
    ) -> None:
        self._now = now
        self._max = max_bytes
        self._trusted: Callable[[], bool] = lambda: True
        self._leads: dict[str, str] = {}
        self._size = 0
        self._lock = threading.Lock()
        self._customers: OrderedDict[str, _Customer] = OrderedDict()
        self._tickets: dict[str, list[Ticket]] = {}
        self._heard: dict[str, dict[str, float]] = {}
        self._distrust_until = 0.0

    def trust(self, listening: Callable[[], bool]) -> None:
        """Say who knows whether events arrive: while none do, nothing new counts as fresh."""
        self._trusted = listening

    # -- views ------------------------------------------------------------------------------

    def view(self, customer_id: str, key: tuple[str, tuple[str, ...] | None]) -> View | None:
        """Return a finished view all of whose sections are fresh."""
        with self._lock:
            customer = self._customers.get(customer_id)
            found = customer.views.get(key) if customer else None
            if found is None or self._now() >= found.until:
                return None
            self._customers.move_to_end(customer_id)
            return found

    def keep_view(
        self, ticket: Ticket, key: tuple[str, tuple[str, ...] | None], view: View
    ) -> None:
        """Keep a view, unless any event of the customer came since its fill began."""
        with self._lock:
            if ticket.everything or ticket.dropped or not self._may_store():
                return
            customer = self._touch(ticket.customer_id)
            old = customer.views.get(key)
            if old is None and len(customer.views) >= _VARIANTS:
                self._resize(customer, -sum(len(item.body) for item in customer.views.values()))
                customer.views.clear()
            self._resize(customer, len(view.body) - (len(old.body) if old else 0))
            customer.views[key] = view
            self._evict()

    # -- sections ---------------------------------------------------------------------------

    def fresh(self, customer_id: str, section: str, scope: str) -> tuple[Copy, float] | None:
        """Return a fresh copy and until when it is."""
        with self._lock:
            kept = self._kept(customer_id, section, scope)
            if kept is None or self._now() >= kept.fresh_until:
                return None
            return kept.copy, kept.fresh_until

    def stale(self, customer_id: str, section: str, scope: str) -> Copy | None:
        """Return the last known copy, fresh or not, unless it is too old to show."""
        with self._lock:
            kept = self._kept(customer_id, section, scope)
            return kept.copy if kept and self._now() < kept.stale_until else None

    def begin(self, customer_id: str) -> Ticket:
        """Announce a fill; to be called before anybody is asked."""
        ticket = Ticket(customer_id)
        with self._lock:
            self._tickets.setdefault(customer_id, []).append(ticket)
        return ticket

    def end(self, ticket: Ticket) -> None:
        """Announce that a fill has ended."""
        with self._lock:
            tickets = self._tickets.get(ticket.customer_id, [])
            if ticket in tickets:
                tickets.remove(ticket)
            if not tickets:
                self._tickets.pop(ticket.customer_id, None)

    def keep(self, ticket: Ticket, section: str, scope: str, copy: Copy) -> float:
        """Keep a copy; returns until when it is fresh, 0 if an event touched it meanwhile."""
        with self._lock:
            outdated = ticket.everything or section in ticket.dropped or not self._may_store()
            now = self._now()
            customer = self._touch(ticket.customer_id)
            old = customer.sections.get((section, scope))
            if old is None and len(customer.sections) >= _VARIANTS:
                self._forget(ticket.customer_id)
                customer = self._touch(ticket.customer_id)
            self._resize(customer, len(copy.data) - (len(old.copy.data) if old else 0))
            fresh_until = 0.0 if outdated else now + FRESH_SECONDS
            customer.sections[(section, scope)] = _Kept(copy, fresh_until, now + STALE_SECONDS)
            self._evict()
            return fresh_until

    # -- invalidation -----------------------------------------------------------------------

    def drop(self, customer_id: str, sections: Collection[str]) -> None:
        """End the freshness of some sections of a customer."""
        with self._lock:
            for ticket in self._tickets.get(customer_id, ()):
                ticket.dropped.update(sections)
            customer = self._customers.get(customer_id)
            if customer is None:
                return
            self._resize(customer, -sum(len(view.body) for view in customer.views.values()))
            customer.views.clear()
            for (section, _), kept in customer.sections.items():
                if section in sections:
                    kept.fresh_until = 0.0

    def drop_all(self, distrust_seconds: float = 0.0) -> None:
        """End the freshness of everything.

        Args:
            distrust_seconds: For so long nothing new counts as fresh either.
        """
        with self._lock:
            self._distrust_until = max(self._distrust_until, self._now() + distrust_seconds)
            for tickets in self._tickets.values():
                for ticket in tickets:
                    ticket.everything = True
            for customer in self._customers.values():
                self._resize(customer, -sum(len(view.body) for view in customer.views.values()))
                customer.views.clear()
                for kept in customer.sections.values():
                    kept.fresh_until = 0.0

    # -- events that the event log may not hold yet -----------------------------------------

    def hear(self, customer_id: str, event_id: str) -> None:
        """Remember that an event of a customer was published."""
        with self._lock:
            heard = self._heard.setdefault(customer_id, {})
            if len(heard) < _HEARD_LIMIT:
                heard[event_id] = self._now() + _HEARD_SECONDS
            if len(self._heard) > 10_000:
                self._forget_heard()

    def heard(self, customer_id: str) -> list[str]:
        """Return the events of a customer that were not seen in the log yet."""
        with self._lock:
            now = self._now()
            return [key for key, until in self._heard.get(customer_id, {}).items() if now < until]

    def seen(self, customer_id: str, event_ids: Iterable[str]) -> None:
        """Forget events that are in the log."""
        with self._lock:
            heard = self._heard.get(customer_id, {})
            for event_id in event_ids:
                heard.pop(event_id, None)
            if not heard:
                self._heard.pop(customer_id, None)

    # -- leads that customers came from -----------------------------------------------------

    def link_leads(self, customer_id: str, lead_ids: Iterable[str]) -> None:
        """Remember whose timeline the events of some leads are on."""
        with self._lock:
            if len(self._leads) > _LEADS_LIMIT:
                self._leads.clear()
            self._leads.update((lead_id, customer_id) for lead_id in lead_ids)

    def customer_of_lead(self, lead_id: str) -> str | None:
        """Return the customer that a lead is known to have become."""
        return self._leads.get(lead_id)

    # -- inside -----------------------------------------------------------------------------

    def _may_store(self) -> bool:
        return self._trusted() and self._now() >= self._distrust_until

    def _kept(self, customer_id: str, section: str, scope: str) -> _Kept | None:
        customer = self._customers.get(customer_id)
        return customer.sections.get((section, scope)) if customer else None

    def _touch(self, customer_id: str) -> _Customer:
        customer = self._customers.get(customer_id)
        if customer is None:
            customer = self._customers[customer_id] = _Customer()
        else:
            self._customers.move_to_end(customer_id)
        return customer

    def _resize(self, customer: _Customer, by: int) -> None:
        customer.size += by
        self._size += by

    def _forget(self, customer_id: str) -> None:
        customer = self._customers.pop(customer_id, None)
        if customer:
            self._size -= customer.size

    def _evict(self) -> None:
        while self._size > self._max and len(self._customers) > 1:
            self._forget(next(iter(self._customers)))

    def _forget_heard(self) -> None:
        now = self._now()
        for customer_id in list(self._heard):
            heard = self._heard[customer_id]
            live = {key: until for key, until in heard.items() if now < until}
            if live:
                self._heard[customer_id] = live
            else:
                del self._heard[customer_id]
