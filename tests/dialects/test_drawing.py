"""What the page about aggregators shows of each dialect."""

from ussd_gateway.dialects.description import KEYS
from ussd_gateway.dialects.drawing import dialects_spoken, dialects_table, generic_keys
from ussd_gateway.dialects.table import ASYNCHRONOUS, DIALECTS


def test_each_dialect_has_a_row_and_a_dialogue():
    rows = {line.split("`")[1]: line for line in dialects_table().splitlines()[2:]}

    assert rows.keys() == (DIALECTS.keys() | ASYNCHRONOUS.keys()) - {"generic"}
    for name in rows:
        assert f"### {name}\n" in dialects_spoken()
    assert "| POST form | end, abort, time-out, failure (second URL) | 160 |" in rows["africas_talking"]
    assert "| 160, 160 characters | 10 s |" in rows["hollatags"]


def test_a_dialogue_shows_what_is_sent():
    spoken = dialects_spoken()

    assert (
        "POST sessionId=ATUid_1&phoneNumber=+233540000001&networkCode=99999&serviceCode=*384*77#&text=2*50\n" in spoken
    )
    assert "the user hangs up      GET SessionID=1&msisdn=233540000001&clean=clean-session&error=522&" in spoken
    assert "it ends                charge: N; amount: 0; freeflow: FB; Done.\n" in spoken
    assert '"MSGTYPE": true' in spoken


def test_the_keys_of_a_description_have_their_defaults_and_meanings():
    drawn = generic_keys()

    assert [line.split("`")[1] for line in drawn.splitlines()[2:]] == [*KEYS]
    assert '| `method` | `"POST form"` | how a call goes out; one of `GET`, `POST form`, `POST JSON` |' in drawn
    assert "| `session` | must be given |" in drawn
    assert "| `echo` | `[]` |" in drawn
    assert "| `kinds` | `{}` |" in drawn
