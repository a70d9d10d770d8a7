"""SMPP as Wireshark reads it (docs/http.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aiohttp import web

from ussd_gateway.clock import parse_moment
from ussd_gateway.http.route import Route
from ussd_gateway.smpp import pcap

Chunks = Callable[[float], Iterable[tuple[float, pcap.Address, pcap.Address, bytes]]]
"""What passed from a moment on: moment, source, destination, octets."""

_HEADERS = {
    "Content-Type": "application/vnd.tcpdump.pcap",
    "Content-Disposition": 'attachment; filename="ussd_gateway.pcap"',
}


class CaptureApi:
    """The route /api/v1/capture.pcap."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def routes(self) -> Sequence[Route]:
        """The row of the API."""
        since = {"since": "a moment such as 2018-04-27T17:50:00+03:00, or seconds since 1970; all that is kept without"}
        return (
            Route("GET", "/api/v1/capture.pcap", self.capture, None, since, {200: "A file of tcpdump and Wireshark"}),
        )

    async def capture(self, request: web.Request) -> web.StreamResponse:
        """What ESMEs and the SMSC said to each other lately."""
        since = _moment(request.query.get("since", "0"))
        response = web.StreamResponse(headers=_HEADERS)
        await response.prepare(request)
        await response.write(pcap.header())
        for packet in pcap.packets(self._chunks(since)):
            await response.write(packet)
        await response.write_eof()
        return response


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return parse_moment(text.replace(" ", "+"))  # an unescaped + arrives as a blank
