"""`GET /metrics`: what the gateway holds at this moment, as Prometheus reads it. Counted when asked, never on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ussd_gateway.http.route import Route

_TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class MetricsApi(Collector):
    """The route /metrics.

    gauges    by name, what it means and how to count it now
    counters  the same for what only grows
    """

    def __init__(
        self,
        gauges: dict[str, tuple[str, Callable[[], float]]],
        counters: dict[str, tuple[str, Callable[[], float]]],
    ) -> None:
        self._gauges = gauges
        self._counters = counters
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def routes(self) -> Sequence[Route]:
        """The row of the API."""
        return (Route("GET", "/metrics", self.metrics, answers={200: "The text format of Prometheus"}),)

    async def metrics(self, request: web.Request) -> web.Response:
        """The text format of Prometheus."""
        return web.Response(body=generate_latest(self._registry), headers=_TEXT)

    def collect(self) -> Iterable[Metric]:
        """Counts everything; prometheus_client calls it."""
        for name, (meaning, count) in self._gauges.items():
            yield GaugeMetricFamily(f"ussd_gateway_{name}", meaning, value=count())
        for name, (meaning, count) in self._counters.items():
            yield CounterMetricFamily(f"ussd_gateway_{name}", meaning, value=count())
