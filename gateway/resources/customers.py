"""Customers: organisations and persons (C1, C2)."""

from gateway.http.operations import Resource, Rows
from gateway.resources.activities import follow_ups
from schemas import customers as schemas
from schemas.customers.lists import CUSTOMERS as CUSTOMER_LIST

_rows = Rows("/v1/customers", "customers", "customer", schemas.Customer, allow="customers")

CUSTOMERS = Resource(
    "customers",
    "Customers 客户",
    (
        _rows.list("list_customers", CUSTOMER_LIST),
        _rows.create("create_customer", schemas.CreateCustomer),
        _rows.read("get_customer", derived=True),
        _rows.change("update_customer", schemas.UpdateCustomer),
        follow_ups("customer", "/v1/customers"),
    ),
)
