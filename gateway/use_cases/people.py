"""Who works with the CRM: the directory that every service keeps a replica of."""

from typing import Any

import schemas.gateway as schemas
from chassis.db import Tx
from chassis.entrypoints import command, query
from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.validation import ById, ListQuery
from gateway.domain import people as rules
from gateway.domain.people import Person, PersonChanged
from gateway.persistence import people

_PAGE = schemas.Person(many=True)


class People:
    """People, their teams and their roles."""

    @command(request=schemas.CreatePerson, reply=schemas.Person, allow="people:create")
    def create_person(self, tx: Tx, **fields: Any) -> Person:
        """Add a person.

        Raises:
            Invalid: `invalid_request` naming `unknown_person` for the manager.
            Conflict: `email_taken`.
        """
        if fields["manager_id"] and not people.person_exists(tx, fields["manager_id"]):
            raise Invalid.field("#/manager_id", "unknown_person")
        by, now = tx.actor.id, tx.now
        person = Person(
            id=new_id(),
            created_at=now,
            created_by=by,
            updated_at=now,
            updated_by=by,
            **fields,
        )
        people.add_person(tx, person)
        tx.publish(PersonChanged(before=None, after=person))
        return person

    @command(request=schemas.UpdatePerson, reply=schemas.Person, allow="people:update")
    def update_person(
        self, tx: Tx, id: str, expected_version: int | None, **changes: Any
    ) -> Person:
        """Change a person; only the given fields.

        Raises:
            NotFound: `not_found`.
            Conflict: `stale_version`, `email_taken`.
            Invalid: `invalid_request` naming `unknown_person` or `manager_cycle`.
        """
        above: set[str] = set()
        # The tree before the person: whoever moves somebody holds the whole tree still.
        if changes.get("manager_id"):
            above = people.find_managers_above(tx, changes["manager_id"])
            if not above:
                raise Invalid.field("#/manager_id", "unknown_person")
        person = people.PEOPLE.lock(tx, id).expect(expected_version)
        person, event = rules.change(
            person, changes, managers_above=above, by=tx.actor.id, now=tx.now
        )
        if event:
            people.save_person(tx, person)
            tx.publish(event)
        return person

    @query(request=ById, reply=schemas.Person, allow="people:read")
    def get_person(self, tx: Tx, id: str) -> Person:
        """Return one person.

        Raises:
            NotFound: `not_found`.
        """
        return people.read_person(tx, id)

    @query(request=ListQuery, allow="people:read")
    def list_people(self, tx: Tx, **query: Any) -> dict[str, Any]:
        """Return a page of people."""
        page = people.page_of_people(tx, query)
        return page.dump(_PAGE.dump(page.items))
