"""The published language: schemas of every request, reply and event, a package per publisher.

Services and the gateway import from here what they exchange; nothing here knows a table, a rule or
a transport.
"""

from schemas import policy as policy
