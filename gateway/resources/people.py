"""People: who works with the CRM, in which team and with which roles."""

from gateway.http.operations import Resource, Rows
from schemas import gateway as schemas

_rows = Rows("/v1/people", "gateway", "person", schemas.Person, allow="people")

PEOPLE = Resource(
    "people",
    "People 人员",
    (
        _rows.list("list_people", schemas.PEOPLE_LIST),
        _rows.create("create_person", schemas.CreatePerson),
        _rows.read("get_person"),
        _rows.change("update_person", schemas.UpdatePerson),
    ),
)
