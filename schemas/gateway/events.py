"""What the gateway publishes."""

from chassis.events import EventCatalogue, EventType
from schemas.gateway.api_keys import ApiKey
from schemas.gateway.jobs import JobState
from schemas.gateway.people import Person

EVENTS = EventCatalogue(
    source="gateway",
    types={
        "person_changed": EventType(Person(), subject="person"),
        "api_key_created": EventType(ApiKey(exclude=("last_used_at",)), subject="api_key"),
        "api_key_revoked": EventType(ApiKey(exclude=("last_used_at",)), subject="api_key"),
        "job_finished": EventType(JobState(), subject="job"),
    },
)
