"""Settings, read once from the environment; a missing or malformed one stops the process.

Every variable stands here with its meaning; docs/operations.md repeats the table.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from environs import Env, EnvError


@dataclass(frozen=True)
class Settings:
    """The environment of one process.

    Attributes:
        amqp_url: `AMQP_URL`, `amqp://user:password@host:port/vhost`.
        database_urls: `<NAME>_DATABASE_URL` per database; `DATABASE_URL` is the fallback.
        migrate_urls: `<NAME>_MIGRATE_URL`, the role that owns the schema; falls back likewise.
        actor_private_key_file: `ACTOR_PRIVATE_KEY_FILE`, JWK of this issuer; may be absent for
            processes that only verify.
        actor_public_keys_file: `ACTOR_PUBLIC_KEYS_FILE`, JWKS of all issuers.
        health_host, health_port: `HEALTH_HOST`, `HEALTH_PORT`; port 0 serves nothing.
        db_pool_size: `DB_POOL_SIZE`, connections per process; it never overflows.
        db_pool_timeout: `DB_POOL_TIMEOUT`, seconds until a full pool is answered with 503.
        statement_timeout_ms: `DB_STATEMENT_TIMEOUT_MS`.
        rpc_prefetch, event_prefetch: `RPC_PREFETCH`, `EVENT_PREFETCH`, messages per lane.
        retry_seconds: `EVENT_RETRY_SECONDS`, growing delays before an event is parked.
        drain_seconds: `DRAIN_SECONDS`, grace for running work at SIGTERM.
        business_timezone: `BUSINESS_TIMEZONE`, for business days and "today".
        log_level, log_format: `LOG_LEVEL`, `LOG_FORMAT` (json or console).
        heartbeat: `AMQP_HEARTBEAT`, seconds.
    """

    amqp_url: str
    database_urls: dict[str, str]
    migrate_urls: dict[str, str]
    actor_private_key_file: Path | None
    actor_public_keys_file: Path | None
    health_host: str
    health_port: int
    db_pool_size: int
    db_pool_timeout: float
    statement_timeout_ms: int
    rpc_prefetch: int
    event_prefetch: int
    retry_seconds: tuple[int, ...]
    drain_seconds: float
    business_timezone: str
    log_level: str
    log_format: str
    heartbeat: int

    def database_url(self, name: str) -> str:
        """Return the application URL of a database; exits with one sentence if there is none."""
        return self._pick(self.database_urls, name, f"{name.upper()}_DATABASE_URL")

    def migrate_url(self, name: str) -> str:
        """Return the URL of the role that owns the schema of a database."""
        if name in self.migrate_urls:
            return self.migrate_urls[name]
        return self.database_url(name)

    @staticmethod
    def _pick(urls: dict[str, str], name: str, variable: str) -> str:
        url = urls.get(name) or urls.get("")
        if not url:
            raise SystemExit(f"Set {variable} (or DATABASE_URL): the {name} database is unknown.")
        return url


DATABASES = ("leads", "customers", "deals", "finance", "gateway")
"""The five databases; also the five publishers of events."""


def read_settings() -> Settings:
    """Return the settings of the environment; exits with a sentence naming what is wrong."""
    try:
        return _read(Env())
    except EnvError as error:
        raise SystemExit(f"The environment is malformed: {error}") from None


def _read(env: Env) -> Settings:
    urls = {
        name: env.str(f"{name.upper()}_DATABASE_URL", "")
        for name in DATABASES
        if env.str(f"{name.upper()}_DATABASE_URL", "")
    }
    urls[""] = env.str("DATABASE_URL", "")
    private = env.str("ACTOR_PRIVATE_KEY_FILE", "")
    public = env.str("ACTOR_PUBLIC_KEYS_FILE", "")
    return Settings(
        amqp_url=env.str("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2F"),
        database_urls=urls,
        migrate_urls={
            name: env.str(f"{name.upper()}_MIGRATE_URL")
            for name in DATABASES
            if env.str(f"{name.upper()}_MIGRATE_URL", "")
        },
        actor_private_key_file=Path(private) if private else None,
        actor_public_keys_file=Path(public) if public else None,
        health_host=env.str("HEALTH_HOST", "127.0.0.1"),
        health_port=env.int("HEALTH_PORT", 0),
        db_pool_size=env.int("DB_POOL_SIZE", 10),
        db_pool_timeout=env.float("DB_POOL_TIMEOUT", 2.0),
        statement_timeout_ms=env.int("DB_STATEMENT_TIMEOUT_MS", 30_000),
        rpc_prefetch=env.int("RPC_PREFETCH", 20),
        event_prefetch=env.int("EVENT_PREFETCH", 10),
        retry_seconds=tuple(env.list("EVENT_RETRY_SECONDS", [1, 5, 25, 125], subcast=int)),
        drain_seconds=env.float("DRAIN_SECONDS", 20.0),
        business_timezone=env.str("BUSINESS_TIMEZONE", "Asia/Shanghai"),
        log_level=env.str("LOG_LEVEL", "INFO").upper(),
        log_format=env.str("LOG_FORMAT", "json"),
        heartbeat=env.int("AMQP_HEARTBEAT", 30),
    )


@cache
def settings() -> Settings:
    """Return the settings of this process, read at first use."""
    return read_settings()
