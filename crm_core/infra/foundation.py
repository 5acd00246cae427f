"""What every feature's services stand on: the settings, the clock, and the clients of the two servers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock, utc_now
from crm_core.infra.group_publishing import AsyncPublisher
from crm_core.infra.mongo import Db, connect, translated
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import Publisher, connect_redis, connect_redis_async, redis_translated
from crm_core.infra.transactions import TransactionSessions
from crm_core.schema.schema import SCHEMA, Schema
from crm_core.settings import Settings

PROBE_TIMEOUT_S = 2


@dataclass(frozen=True)
class Foundation:
    """Each feature adds its services as cached properties of a subclass: built when first asked for, then kept.

    schema: what records have.
    """

    settings: Settings
    clock: Clock
    db: Db
    redis: Redis
    redis_async: AsyncRedis
    schema: Schema = field(repr=False)

    @classmethod
    def connect(
        cls, settings: Settings, *, prepare: Callable[[Db], None], clock: Clock = utc_now, schema: Schema = SCHEMA
    ) -> Self:
        """On servers that are up. prepare: what the database needs before anything uses it. Raises Unavailable."""
        if settings.mongodb_uri is None or settings.redis_url is None:
            raise Unavailable(
                "No servers: set CRM_MONGODB_URI and CRM_REDIS_URL, or start the app in this CRM_DATA_DIR."
            )
        db = connect(settings.mongodb_uri, settings.mongodb_database)
        prepare(db)
        redis, redis_async = connect_redis(settings.redis_url), connect_redis_async(settings.redis_url)
        return cls(settings, clock, db, redis, redis_async, schema)

    @cached_property
    def transactions(self) -> TransactionSessions:
        return TransactionSessions(self.db, self.redis)

    @cached_property
    def publisher(self) -> Publisher:
        return Publisher(self.redis)

    @cached_property
    def async_publisher(self) -> AsyncPublisher:
        return AsyncPublisher(self.redis_async)

    @cached_property
    def monitor(self) -> Monitor:
        return Monitor(self.redis, self.clock)

    def ping_mongodb(self) -> None:
        """Raises Unavailable."""
        with translated():
            self.db.command("ping")

    def ping_valkey(self) -> None:
        """Raises Unavailable, within 2 s when it hangs: a probe does not wait for long."""
        with redis_translated():
            self._valkey_probe.ping()

    @cached_property
    def _valkey_probe(self) -> Redis:
        assert self.settings.redis_url
        return connect_redis(self.settings.redis_url, timeout_s=PROBE_TIMEOUT_S, retries=0)

    def close(self) -> None:
        self.db.client.close()
        self.redis.close()
