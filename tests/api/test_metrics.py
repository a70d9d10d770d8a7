"""What Prometheus reads."""


async def test_metrics_count_what_is_there_now(api):
    await api("POST", "/handsets/70001000001/ussd", {"dial": "*111#"})
    await api("POST", "/handsets/70001000001/sms", {"to": "70002000001", "text": "x"})
    status, text = await api("GET", "/metrics")
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert status == 200
    assert lines["ussd_gateway_sessions"] == "1.0"
    assert lines["ussd_gateway_handsets"] == "4.0"
    assert lines["ussd_gateway_smpp_connections"] == "1.0"  # self-care's own
    assert float(lines["ussd_gateway_journal_entries_total"]) >= 4
