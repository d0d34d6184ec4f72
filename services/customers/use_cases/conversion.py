"""The steps that a conversion asks of customers: make or match, confirm, cancel (L18).

What a make leaves behind is provisional: no read shows it until the confirmation.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import schemas.customers as schemas
from chassis import clock
from chassis.entrypoints import command
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.phones import e164
from schemas.contact_points import email
from services.customers.domain import contacts as people
from services.customers.domain import conversion as domain
from services.customers.domain import customers as archive
from services.customers.domain.contacts import Contact, Membership
from services.customers.domain.customers import Customer
from services.customers.domain.identity import Prospect, best_match
from services.customers.persistence import contacts, conversions, customers

if TYPE_CHECKING:
    from chassis.db import Tx

LEADS = ("leads",)
"""Only the service that runs the conversion may call its steps."""


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a lead's facts as records keep them.

    A lead may hold a number or an address that nobody can reach; it is kept as it was typed
    rather than letting the conversion fail on it.
    """
    facts = dict(given)
    facts["phone_e164"] = e164(facts["phone"] or "")
    facts["email"] = email(facts["email"] or "") or facts["email"]
    return facts


def _match(
    tx: "Tx", conversion_id: str, facts: Mapping[str, Any], customer_id: str | None
) -> Customer | None:
    """Return the existing customer that a lead belongs to, or None.

    Raises:
        NotFound: `not_found` if the customer named is not within the person's reach.
        Unavailable: `conversion_in_progress` if another conversion is making the same customer.
    """
    if customer_id is not None:
        return customers.read_customer(tx, customer_id)
    prospect = Prospect(
        kind=facts["kind"],
        name=facts["name"],
        credit_code=facts["credit_code"],
        phone_e164=facts["phone_e164"],
        email=facts["email"],
    )
    customers.lock_keys(tx, prospect.keys())
    found = best_match(prospect, customers.find_candidates(tx, prospect))
    if found is not None and found.provisional_for not in (None, conversion_id):
        raise Unavailable("conversion_in_progress", retry_after=1)
    return found


class Conversion:
    """This service's part of turning a lead into a customer."""

    @command(
        request=schemas.MakeCustomerForConversion, allow=None, callers=LEADS, keep_for_ever=True
    )
    def make_customer_for_conversion(
        self,
        tx: "Tx",
        conversion_id: str,
        customer: dict[str, Any],
        contact: dict[str, Any] | None = None,
        customer_id: str | None = None,
    ) -> dict[str, Any]:
        """Match the lead's customer or make it, provisionally; once per conversion.

        Raises:
            Refused: `conversion_cancelled` if its cancellation came first.
            NotFound: `not_found` if the customer to attach to is not within reach.
            Unavailable: `conversion_in_progress` while another conversion makes the same one.
        """
        conversion = conversions.begin_conversion(tx, conversion_id)
        domain.check_not_cancelled(conversion)
        if conversion.state == "begun":
            facts = _facts(customer)
            found = _match(tx, conversion_id, facts, customer_id)
            conversion = self._take(tx, conversion, found, facts)
            if contact is not None:
                conversion = self._take_contact(tx, conversion, _facts(contact))
            conversions.save_conversion(tx, conversion)
        return {
            "customer_id": conversion.customer_id,
            "contact_id": conversion.contact_id,
            "matched": conversion.matched,
        }

    @staticmethod
    def _take(
        tx: "Tx", conversion: domain.Conversion, found: Customer | None, facts: dict[str, Any]
    ) -> domain.Conversion:
        if found is not None:
            fill = {
                name: facts[name]
                for name in domain.FILLED
                if facts.get(name) and (name != "credit_code" or found.kind == "organisation")
            }
            return replace(conversion, state="made", customer_id=found.id, matched=True, fill=fill)
        if facts["kind"] == "person":
            facts = {**facts, "credit_code": None}
        made = Customer(
            id=new_id(),
            number=customers.new_number(tx),
            created_at=tx.now,
            created_by=tx.actor.id,
            updated_at=tx.now,
            updated_by=tx.actor.id,
            provisional_for=conversion.id,
            **facts,
        )
        customers.add_customer(tx, archive.check(made, clock.today(tx.now)))
        return replace(conversion, state="made", customer_id=made.id)

    @staticmethod
    def _take_contact(
        tx: "Tx", conversion: domain.Conversion, facts: dict[str, Any]
    ) -> domain.Conversion:
        assert conversion.customer_id is not None
        known = contacts.find_contacts_of(tx, conversion.customer_id) if conversion.matched else []
        found = domain.same_contact(
            known, name=facts["name"], phone_e164=facts["phone_e164"], email=facts["email"]
        )
        if found is not None:
            fill = {name: facts[name] for name in domain.FILLED_CONTACT if facts.get(name)}
            return replace(conversion, contact_id=found.id, contact_matched=True, contact_fill=fill)
        made = Contact(
            id=new_id(),
            created_at=tx.now,
            created_by=tx.actor.id,
            updated_at=tx.now,
            updated_by=tx.actor.id,
            provisional_for=conversion.id,
            customers=(Membership(customer_id=conversion.customer_id),),
            **facts,
        )
        contacts.add_contact(tx, made)
        return replace(conversion, contact_id=made.id)

    @command(request=schemas.ByConversion, allow=None, callers=LEADS, keep_for_ever=True)
    def confirm_conversion(self, tx: "Tx", conversion_id: str) -> dict[str, Any]:
        """Make visible what the conversion made; fill empty fields of what it matched.

        Raises:
            NotFound: `not_found` if nothing was made.
            Refused: `conversion_cancelled`.
        """
        conversion = domain.check_made(
            conversions.lock_conversion(tx, conversion_id), conversion_id
        )
        if conversion.state != "confirmed":
            records = [*self._confirm_customer(tx, conversion)]
            records += self._confirm_contact(tx, conversion)
            conversion = replace(conversion, state="confirmed", records=tuple(records))
            conversions.save_conversion(tx, conversion)
        return {
            "customer_id": conversion.customer_id,
            "contact_id": conversion.contact_id,
            "records": [dict(record) for record in conversion.records],
        }

    @staticmethod
    def _confirm_customer(tx: "Tx", conversion: domain.Conversion) -> list[dict[str, Any]]:
        assert conversion.customer_id is not None
        fill = dict(conversion.fill)
        if conversion.matched:
            customers.lock_keys(tx, domain.keys_of(fill))
        else:
            customers.reveal_customer(tx, conversion.id)
        before = customers.lock_confirmed(tx, conversion.customer_id)
        assert before is not None, "a customer can not be removed"
        if not conversion.matched:
            tx.publish(archive.CustomerCreated(before))
            return [{"type": "customer", "id": before.id, "action": "created"}]
        # Since it was matched, somebody may have given the code to another customer: the
        # conversion can no longer be refused, so the field is left empty.
        code = fill.get("credit_code")
        if code and customers.is_credit_code_taken(tx, code):
            del fill["credit_code"]
        after = domain.fill_empty(before, fill, by=tx.actor.id, now=tx.now)
        if after is before:
            return []
        customers.save_customer(tx, after, before)
        tx.publish(archive.CustomerUpdated(before, after))
        return [{"type": "customer", "id": after.id, "action": "updated"}]

    @staticmethod
    def _confirm_contact(tx: "Tx", conversion: domain.Conversion) -> list[dict[str, Any]]:
        assert conversion.customer_id is not None
        if conversion.contact_id is None:
            return []
        if not conversion.contact_matched:
            first = not contacts.has_primary(tx, conversion.customer_id)
            made = contacts.reveal_contact(tx, conversion.id, is_primary=first)
            assert made is not None, "a conversion's contact can not be removed"
            tx.publish(people.ContactCreated(made))
            return [{"type": "contact", "id": made.id, "action": "created"}]
        before = contacts.lock_confirmed(tx, conversion.contact_id)
        assert before is not None, "a contact can not be removed"
        after = domain.fill_empty(before, conversion.contact_fill, by=tx.actor.id, now=tx.now)
        if after is before:
            return []
        contacts.save_contact(tx, after, before)
        tx.publish(people.ContactUpdated(before, after))
        return [{"type": "contact", "id": after.id, "action": "updated"}]

    @command(request=schemas.ByConversion, allow=None, callers=LEADS, keep_for_ever=True)
    def cancel_conversion(self, tx: "Tx", conversion_id: str) -> dict[str, Any]:
        """Remove what the conversion made; one that never made anything leaves a tombstone.

        Raises:
            Refused: `conversion_confirmed`.
        """
        conversion = domain.cancelled(conversions.begin_conversion(tx, conversion_id))
        contacts.remove_provisional_contact(tx, conversion_id)
        customers.remove_provisional_customer(tx, conversion_id)
        conversions.save_conversion(tx, conversion)
        return {}
