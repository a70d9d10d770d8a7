"""`GET /metrics`: what the parts of the gateway count, as Prometheus reads it, and how long HTTP requests take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from ussd_gateway.http.problem import Handler
from ussd_gateway.http.route import Route
from ussd_gateway.metric import SECONDS, Histogram, Metric

_TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


class MetricsApi(Collector):
    """The route /metrics."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._requests: dict[tuple[str, ...], Histogram] = {}
        self._metrics = (
            *metrics,
            Metric(
                "histogram",
                "http_request_duration_seconds",
                "How long HTTP requests took, what they waited for included",
                ("method", "path", "status"),
                lambda: self._requests,
            ),
        )
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def routes(self) -> Sequence[Route]:
        """The row of the API."""
        return (Route("GET", "/metrics", self.metrics, answers={200: "The text format of Prometheus"}),)

    async def metrics(self, request: web.Request) -> web.Response:
        """The text format of Prometheus."""
        return web.Response(body=generate_latest(self._registry), headers=_TEXT)

    def middleware(self) -> Middleware:
        """Measures every request."""

        @web.middleware
        async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = perf_counter()
            status = 500
            try:
                response = await handler(request)
                status = response.status
                return response
            except web.HTTPException as answer:
                status = answer.status
                raise
            finally:
                resource = request.match_info.route.resource
                path = resource.canonical if resource else "other"  # a path that nobody has is no label
                method = request.method if resource else "other"
                key = (method, path, str(status))
                self._requests.setdefault(key, Histogram(SECONDS)).observe(perf_counter() - began)

        return measured

    def collect(self) -> Iterable[Family]:
        """Reads everything; prometheus_client calls it."""
        return map(_family, self._metrics)


def _family(metric: Metric) -> Family:
    name = f"ussd_gateway_{metric.name}"
    values = metric.read().items()
    if metric.kind == "histogram":
        histograms = HistogramMetricFamily(name, metric.meaning, labels=metric.labels)
        for labels, histogram in values:
            assert isinstance(histogram, Histogram)
            histograms.add_metric(labels, histogram.buckets, histogram.sum)
        return histograms
    make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = make(name, metric.meaning, labels=metric.labels)
    for labels, value in values:
        assert not isinstance(value, Histogram)
        family.add_metric(labels, value)
    return family
