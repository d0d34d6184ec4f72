"""Activities: follow-ups on any subject (X1).

A follow-up lives in customers, whatever its subject. For a subject of another service the gateway
first asks the owner of the subject, and carries the answer in the signed context.
"""

from collections.abc import Mapping
from typing import Any

from chassis.actor import Actor
from chassis.ids import is_id
from gateway.http.operations import Operation, Resource, Rows, Rpc, with_subject
from schemas import customers as schemas
from schemas.customers.lists import ACTIVITIES as ACTIVITY_LIST

_OWNERS: dict[str, tuple[str, dict[str, str]]] = {
    "lead": ("leads", {"permission": "activities:create"}),
    "opportunity": ("deals", {"permission": "opportunities:read"}),
}
"""Subjects that customers can not judge itself: whom to ask, and for what."""


def authorise(rpc: Rpc, actor: Actor, payload: Mapping[str, Any]) -> Actor:
    """Return the actor with the word of the subject's owner, where customers needs one."""
    owner = _OWNERS.get(str(payload.get("subject_type")))
    if owner is None or not is_id(payload.get("subject_id")):
        return actor
    service, question = owner
    answer = rpc.call(
        service, "authorize_subject", {"id": payload["subject_id"], **question}, actor
    )
    return with_subject(actor, answer)


def follow_ups(subject: str, path: str) -> Operation:
    """Return the row of `POST <path>/{id}/follow-ups`."""
    return Operation(
        verb="POST",
        path=f"{path}/<id>/follow-ups",
        name=f"record_{subject}_follow_up",
        service="customers",
        method="record_follow_up",
        allow="activities:create",
        summary=f"Record a follow-up on the {subject}",
        request=schemas.RecordFollowUp,
        reply=schemas.Activity,
        status=201,
        location="/v1/activities/{id}",
        preset={"subject_type": subject},
        rename={"id": "subject_id"},
        before=authorise,
    )


_rows = Rows("/v1/activities", "customers", "follow-up", schemas.Activity, allow="activities")

ACTIVITIES = Resource(
    "activities",
    "Activities 跟进记录",
    (
        _rows.list("list_activities", ACTIVITY_LIST),
        _rows.read("get_activity"),
        _rows.create("record_follow_up", schemas.RecordFollowUp, before=authorise),
    ),
)
