"""Metrics that every process shares; the prefix is `crm_`, durations are in seconds.

Labels come from closed sets only: never an id, an address or free text. A service process serves
one service, so `service` is set once by `run`.
"""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

RPC_REQUESTS = Counter("crm_rpc_requests", "RPC requests served", ["service", "method", "outcome"])
RPC_DURATION = Histogram(
    "crm_rpc_duration_seconds", "Time to serve an RPC", ["service", "method"], buckets=SECONDS
)
EVENTS_CONSUMED = Counter("crm_events_consumed", "Events handled", ["service", "event", "outcome"])
EVENT_LAG = Histogram(
    "crm_event_lag_seconds",
    "From commit to handled",
    ["service", "event"],
    buckets=(*SECONDS, 60, 600),
)
EXPIRED = Counter("crm_rpc_expired", "Requests past their deadline, not executed", ["service"])
PARKED = Counter("crm_parked", "Messages parked", ["service", "queue", "reason"])
LOST_ACKS = Counter("crm_lost_acks", "Acknowledgements of a channel that was gone")
WORKERS_RUNNING = Gauge(
    "crm_worker_pool_used", "Workers running", ["service"], multiprocess_mode="livemax"
)
WORKERS_SIZE = Gauge(
    "crm_worker_pool_size", "Workers at most", ["service"], multiprocess_mode="livemax"
)
HUB_LAG = Histogram("crm_hub_lag_seconds", "How late the hub runs", ["service"], buckets=SECONDS)
HUB_BEAT = Gauge(
    "crm_hub_last_beat_timestamp_seconds",
    "Last beat of the hub",
    ["service"],
    multiprocess_mode="livemax",
)
DRAINING = Gauge(
    "crm_draining",
    "1 while the process finishes its work",
    ["service"],
    multiprocess_mode="livemax",
)
OUTBOX_UNSENT = Gauge(
    "crm_outbox_unsent", "Events committed and not sent", ["service"], multiprocess_mode="livemax"
)
OUTBOX_AGE = Gauge(
    "crm_outbox_oldest_unsent_age_seconds",
    "Age of the oldest unsent event",
    ["service"],
    multiprocess_mode="livemax",
)
OUTBOX_PUBLISHED = Counter(
    "crm_outbox_published", "Events handed to the broker", ["service", "outcome"]
)
RELAY_ACTIVE = Gauge(
    "crm_relay_active", "1 if this relay holds the lock", ["service"], multiprocess_mode="livemax"
)
SAGAS_OPEN = Gauge(
    "crm_saga_open", "Sagas that have not ended", ["saga"], multiprocess_mode="livemax"
)
SAGA_AGE = Gauge(
    "crm_saga_oldest_age_seconds",
    "Age of the oldest open saga",
    ["saga"],
    multiprocess_mode="livemax",
)
RPC_CLIENT = Counter(
    "crm_rpc_client_requests", "RPC calls made", ["caller", "service", "method", "outcome"]
)
RPC_CLIENT_DURATION = Histogram(
    "crm_rpc_client_duration_seconds",
    "Time until a call was answered",
    ["caller", "service", "method"],
    buckets=SECONDS,
)
