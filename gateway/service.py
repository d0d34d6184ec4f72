"""The service that `gateway-worker` hosts: the gateway's own data."""

from chassis.housekeeping import Housekeeping
from gateway.database import DATABASE
from gateway.imports.runner import ImportRunner
from gateway.use_cases.api_keys import ApiKeys
from gateway.use_cases.event_log import EventLog
from gateway.use_cases.jobs import Jobs
from gateway.use_cases.people import People


class GatewayService(People, ApiKeys, EventLog, Jobs, Housekeeping):
    """People and their keys, the event log, jobs."""

    name = "gateway"
    database = DATABASE
    sagas = ()
    background = (ImportRunner,)


SERVICE = GatewayService
