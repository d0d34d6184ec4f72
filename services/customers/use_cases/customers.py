"""The customer archive: create, change, read, list (C1, C2)."""

from typing import TYPE_CHECKING, Any

import schemas.customers as schemas
from chassis import clock
from chassis.entrypoints import command, query
from chassis.errors import Forbidden, NotFound
from chassis.ids import new_id
from chassis.phones import e164
from chassis.validation import ById, ListQuery
from services.customers.domain import customers as domain
from services.customers.domain.identity import match_keys
from services.customers.persistence import customers

if TYPE_CHECKING:
    from chassis.db import Tx

_MATCHED_BY = ("name", "credit_code", "phone_e164", "email")


def _normal(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as the record keeps them: with the phone's normal form, lists as tuples."""
    kept = dict(facts)
    if "phone" in kept:
        kept["phone_e164"] = e164(kept["phone"] or "")
    if "hobbies" in kept:
        kept["hobbies"] = tuple(kept["hobbies"])
    return kept


def _lock_identity(tx: "Tx", facts: dict[str, Any]) -> None:
    """Hold the match keys of what is written, so that no conversion makes the same customer."""
    keys = {name: facts[name] for name in _MATCHED_BY if facts.get(name)}
    customers.lock_keys(tx, match_keys(**keys))


class Customers:
    """One record per real customer, shared by all departments within their reach."""

    @command(request=schemas.CreateCustomer, reply=schemas.Customer, allow="customers:create")
    def create_customer(self, tx: "Tx", **facts: Any) -> dict[str, Any]:
        """Add a customer to the archive.

        Raises:
            Invalid: `only_for_persons`, `only_for_organisations`, `in_the_future`,
                `birth_date_known`, `unknown_person`.
            Conflict: `duplicate_credit_code`, `external_id_conflict`.
            Forbidden: `not_permitted` if the owner is outside the actor's reach.
        """
        kept = {"owner_id": tx.actor.id, **_normal(facts)}
        customers.check_new_owner(tx, kept["owner_id"], "customers:create")
        _lock_identity(tx, kept)
        today = clock.today(tx.now)
        customer, created = domain.register(
            domain.Customer(
                id=new_id(),
                number=customers.new_number(tx),
                created_at=tx.now,
                created_by=tx.actor.id,
                updated_at=tx.now,
                updated_by=tx.actor.id,
                **kept,
            ),
            today,
        )
        customers.add_customer(tx, customer)
        tx.publish(created)
        return domain.seen_on(customer, today)

    @command(request=schemas.UpdateCustomer, reply=schemas.Customer, allow="customers:update")
    def update_customer(
        self, tx: "Tx", id: str, expected_version: int | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Change fields of a customer; the event keeps each old value, its author and time.

        Raises:
            NotFound: `not_found`.
            Forbidden: `not_permitted`.
            Conflict: `stale_version`, `duplicate_credit_code`, `external_id_conflict`.
            Invalid: As `create_customer`.
        """
        kept = _normal(changes)
        _lock_identity(tx, kept)
        before = customers.lock_customer(tx, id, "customers:update").expect(expected_version)
        if kept.get("owner_id", before.owner_id) != before.owner_id:
            customers.check_new_owner(tx, kept["owner_id"], "customers:update")
        today = clock.today(tx.now)
        after, updated = domain.revise(before, kept, by=tx.actor.id, now=tx.now, today=today)
        if updated is not None:
            customers.save_customer(tx, after, before)
            tx.publish(updated)
        return domain.seen_on(after, today)

    @query(request=ById, reply=schemas.Customer, allow="customers:read")
    def get_customer(self, tx: "Tx", id: str) -> dict[str, Any]:
        """Return one customer, with the age of today. Raises NotFound `not_found`."""
        return domain.seen_on(customers.read_customer(tx, id), clock.today(tx.now))

    @query(request=ListQuery, reply=None, allow="customers:read")
    def list_customers(self, tx: "Tx", **asked: Any) -> dict[str, Any]:
        """Return a page of the customers within the actor's reach."""
        page = customers.page_customers(tx, asked)
        today = clock.today(tx.now)
        seen = [domain.seen_on(customer, today) for customer in page.items]
        return page.dump(schemas.Customer(many=True).dump(seen))

    @query(request=schemas.AuthorizeSubject, reply=None, allow=None)
    def authorize_subject(self, tx: "Tx", id: str, permission: str) -> dict[str, Any]:
        """Return what the actor may be told about a customer that something is attached to.

        Raises:
            NotFound: `not_found` if the actor may not see it.
            Forbidden: `not_permitted` if it may see it but not do this.
        """
        customers.read_customer(tx, id)
        try:
            tx.actor.check(permission)
        except Forbidden as refusal:
            if permission.endswith(":read"):
                raise NotFound("not_found", resource="customer", id=id) from refusal
            raise
        customers.check_permitted(tx, id, permission)
        return {"subject": f"customer/{id}", "customer_id": id}
