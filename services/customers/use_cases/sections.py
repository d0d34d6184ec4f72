"""This service's sections of the customer 360 view (C20); it decides who gets the view at all."""

import hashlib
from typing import TYPE_CHECKING, Any

from chassis import clock, wire_json
from chassis.entrypoints import query
from chassis.errors import Forbidden, NotFound
from schemas.sections import SECTIONS, GetCustomerSections
from services.customers.domain.customers import age
from services.customers.persistence import sections as stored

if TYPE_CHECKING:
    from chassis.db import Tx

_PERMISSIONS = {
    "profile": "customers:read",
    "contacts": "contacts:read",
    "activities": "activities:read",
}


def _may(tx: "Tx", permission: str) -> bool:
    try:
        tx.actor.check(permission)
    except Forbidden:
        return False
    return True


def _profile(row: Any, tx: "Tx") -> dict[str, Any]:
    profile: dict[str, Any] = {name: row[name] for name in stored.PROFILE}
    for name, value in profile.items():
        if value is not None and name.endswith("_at"):
            profile[name] = wire_json.instant(value)
    born = profile["birth_date"]
    profile["age"] = age(born, clock.today(tx.now))
    profile["birth_date"] = born.isoformat() if born else None
    return profile


class Sections:
    """Profile, contacts and activities of one customer."""

    @query(request=GetCustomerSections, reply=None, allow=None, snapshot=False)
    def get_customer_sections(
        self, tx: "Tx", customer_id: str, sections: list[str]
    ) -> dict[str, Any]:
        """Return the sections asked for; names of other services' sections are left out.

        Raises:
            NotFound: `not_found` if the actor may not see the customer: then there is no view.
        """
        asked = [name for name in SECTIONS["customers"] if name in sections]
        permitted = frozenset(name for name in asked if _may(tx, _PERMISSIONS[name]))
        row = stored.read_sections(tx, customer_id, permitted)
        if row is None or not _may(tx, "customers:read"):
            raise NotFound("not_found", resource="customer", id=customer_id)
        as_of = wire_json.instant(tx.now)
        return {
            "customer_id": customer_id,
            "as_of": as_of,
            "partial": False,
            "sections": {
                name: self._section(tx, name, row._mapping, as_of)
                if name in permitted
                else {"status": "hidden", "as_of": as_of, "version": "", "data": None}
                for name in asked
            },
        }

    @staticmethod
    def _section(tx: "Tx", name: str, row: Any, as_of: str) -> dict[str, Any]:
        data = _profile(row, tx) if name == "profile" else stored.dump_list(row[name])
        version = hashlib.blake2b(wire_json.dumps(data), digest_size=9).hexdigest()
        return {"status": "fresh", "as_of": as_of, "version": version, "data": data}
