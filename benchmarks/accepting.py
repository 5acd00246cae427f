"""How fast orders are accepted over HTTP, beside a bare server on the same Valkey, in turns."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bare_api import STREAM, bare_api
from benchmarks.bench import Bench
from benchmarks.load import Load, send
from benchmarks.records import Records, make_orders, to_batches, to_single
from benchmarks.report import Figure
from crm_core.infra.streams import Stream

ROUNDS = 7
CUSTOMER_IDS = [f"c-{number:05}" for number in range(20_000)]


@dataclass(frozen=True)
class Shape:
    """How orders are sent. size: records a request, requests: a round; bare_path: what takes them there."""

    what: str
    size: int
    requests: int
    connections: int
    bare_path: str
    goal_ratio: float
    to_bodies: Callable[[Records], list[bytes]]

    def make_bodies(self, prefix: str) -> list[bytes]:
        return self.to_bodies(make_orders(prefix, self.requests * self.size, CUSTOMER_IDS))


SINGLE = Shape("one order a request", 1, 8_000, 32, "order", 0.8, to_single)
BATCHES = Shape("1,000 orders a request", 1_000, 60, 4, "orders", 0.6, lambda records: to_batches(records, size=1_000))


@dataclass(frozen=True)
class Round:
    ours: Load
    bare: Load

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.bare.rate


def measure_accepting(bench: Bench) -> None:
    with bare_api(bench.app.runtime.redis_url) as bare_url:
        for shape in (SINGLE, BATCHES):
            with bench.worker_paused():
                rounds = [_run_round(bench, shape, bare_url, f"{shape.size}-{number}") for number in range(ROUNDS + 1)]
            _report(shape, sorted(rounds[1:], key=lambda one: one.ratio)[ROUNDS // 2])
    _measure_while_storing(bench)


def _run_round(bench: Bench, shape: Shape, bare_url: str, prefix: str) -> Round:
    """The same bodies to both; neither stream is read meanwhile."""
    bodies = shape.make_bodies(prefix)
    ours = _send_ours(bench, shape, bodies)
    bare = send(f"{bare_url}/{shape.bare_path}", bodies, connections=shape.connections)
    for stream in (Stream.ORDERS, STREAM):
        assert bench.services.redis.xlen(stream) == shape.requests * shape.size, f"{stream} lacks what was accepted"
        bench.forget_accepted(stream)
    return Round(ours, bare)


def _send_ours(bench: Bench, shape: Shape, bodies: list[bytes]) -> Load:
    return send(f"{bench.app.url}/api/v1/orders", bodies, connections=shape.connections, key=bench.key)


def _report(shape: Shape, middle: Round) -> None:
    """middle: the round of the median ratio."""
    Figure(
        f"accepted, {shape.what}, {shape.connections} connections",
        middle.ours.rate * shape.size,
        "records/s",
        middle.bare.rate * shape.size,
        "FastAPI, Pydantic, XADD",
        goal_ratio=shape.goal_ratio,
    ).print()
    for who, load in (("ours", middle.ours), ("bare", middle.bare)):
        print(f"  {who}: p50 {load.p50_ms:.1f} ms, p95 {load.p95_ms:.1f} ms an answer", flush=True)


def _measure_while_storing(bench: Bench) -> None:
    """The same single orders with the ingest worker at its work on the same cores; nothing bare does that."""
    load = _send_ours(bench, SINGLE, SINGLE.make_bodies("storing"))
    bench.wait_until_stored()
    bench.forget_stored()
    Figure(f"accepted, {SINGLE.what}, while they are being stored", load.rate, "records/s").print()
    print(f"  ours: p50 {load.p50_ms:.1f} ms, p95 {load.p95_ms:.1f} ms an answer", flush=True)
