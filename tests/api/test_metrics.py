"""What Prometheus reads."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
ROW = re.compile(r"^\| `(ussd_gateway_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)
ANNA = "/handsets/70001000001"


async def read(api):
    """What /metrics says, as {name{labels}: value}."""
    status, text = await api("GET", "/metrics")
    assert status == 200
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")}


async def test_metrics_count_what_is_there_now(api):
    await api("POST", f"{ANNA}/ussd", {"dial": "*111#"})
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "x"})
    seen = await read(api)
    assert seen["ussd_gateway_sessions"] == 1
    assert seen["ussd_gateway_handsets"] == 4
    assert seen["ussd_gateway_smpp_connections"] == 1  # self-care's own
    assert seen['ussd_gateway_smpp_binds{mode="transceiver",system_id="selfcare"}'] == 1
    assert seen["ussd_gateway_journal_entries_total"] >= 4
    assert seen["ussd_gateway_journal_octets"] > 100
    assert seen["process_resident_memory_bytes"] > 10_000_000


async def test_messages_and_sessions_are_counted_by_what_became_of_them(api):
    await api("PUT", "/handsets/70002000001", {"attached": False})
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "x"})
    assert (await read(api))["ussd_gateway_sms_under_way"] == 1
    await api("POST", "/clock", {"advance": 60})
    await api("PUT", "/handsets/70002000001", {"attached": True})
    await api("POST", f"{ANNA}/sms", {"to": "70002000001", "text": "x"})
    await api("POST", f"{ANNA}/ussd", {"dial": "*777#"})
    seen = await read(api)
    assert seen["ussd_gateway_sms_accepted_total"] == 2
    assert seen['ussd_gateway_sms_states_total{state="enroute"}'] == 1
    assert seen['ussd_gateway_sms_states_total{state="delivered"}'] == 2
    assert seen['ussd_gateway_sms_attempts_failed_total{error="6"}'] == 1
    assert seen['ussd_gateway_sms_delivery_duration_seconds_sum{state="delivered"}'] == 60
    assert seen['ussd_gateway_sms_delivery_duration_seconds_bucket{le="10.0",state="delivered"}'] == 0
    assert seen['ussd_gateway_ussd_sessions_total{outcome="no_route"}'] == 1
    assert seen['ussd_gateway_ussd_sessions_total{outcome="success"}'] == 0
    assert seen["ussd_gateway_sms_under_way"] == 0


async def test_http_requests_are_measured_by_their_route_and_status(api):
    await api("GET", "/messages/7")
    await api("GET", "/messages/8")
    await api("GET", "/nothing/at/all")
    await api("GET", "/cabinet")
    seen = await read(api)
    name = "ussd_gateway_http_request_duration_seconds_count"
    assert seen[f'{name}{{method="GET",path="/api/v1/messages/{{id}}",status="404"}}'] == 2
    assert seen[f'{name}{{method="other",path="other",status="404"}}'] == 1
    assert any('path="/cabinet"' in key for key in seen)


async def test_the_page_has_every_metric_with_its_type_labels_and_meaning(api):
    await api("POST", f"{ANNA}/ussd", {"dial": "*111*25#"})
    await api("GET", f"{ANNA}/sms?wait=5")
    _, text = await api("GET", "/metrics")
    told = {}
    for family in text_string_to_metric_families(text):
        if family.name.startswith("ussd_gateway_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            told[name] = family.type, labels, family.documentation
    page = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in ROW.findall(PAGE)
    }
    assert set(page) == set(told)
    for name, (kind, labels, meaning) in told.items():
        assert (kind, meaning) == (page[name][0], page[name][2])
        assert labels in (page[name][1], set()), name  # without a sample there are none
