"""Contacts: the people at a customer (C5)."""

from gateway.http.operations import Resource, Rows
from schemas import customers as schemas
from schemas.customers.lists import CONTACTS as CONTACT_LIST

_rows = Rows("/v1/contacts", "customers", "contact", schemas.Contact, allow="contacts")

CONTACTS = Resource(
    "contacts",
    "Contacts 联系人",
    (
        _rows.list("list_contacts", CONTACT_LIST),
        _rows.create("create_contact", schemas.CreateContact),
        _rows.read("get_contact", derived=True),
        _rows.change("update_contact", schemas.UpdateContact),
    ),
)
