"""The published language of customers: requests, replies, events and lists."""

from schemas.customers.activities import Activity as Activity
from schemas.customers.activities import RecordFollowUp as RecordFollowUp
from schemas.customers.contacts import Contact as Contact
from schemas.customers.contacts import CreateContact as CreateContact
from schemas.customers.contacts import UpdateContact as UpdateContact
from schemas.customers.conversion import ByConversion as ByConversion
from schemas.customers.conversion import MakeCustomerForConversion as MakeCustomerForConversion
from schemas.customers.customers import AuthorizeSubject as AuthorizeSubject
from schemas.customers.customers import CreateCustomer as CreateCustomer
from schemas.customers.customers import Customer as Customer
from schemas.customers.customers import UpdateCustomer as UpdateCustomer
from schemas.customers.events import EVENTS as EVENTS
from schemas.customers.references import CheckReferences as CheckReferences
