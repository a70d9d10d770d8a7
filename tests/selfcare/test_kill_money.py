"""kill -9 while money moves: of a fee and what it is for, the store has both or neither (3.2, invariants 1, 14 and 15)."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections import defaultdict
from threading import Event, Thread

import pytest

from ussd_gateway.store.store import Store

BORIS = "70002000001"
PHONES = 4
PATIENCE = 20.0


@pytest.mark.parametrize("killed_after", [1, 9, 40])
def test_kill_9_leaves_the_fee_and_the_transfer_or_neither(tmp_path, killed_after):
    path = tmp_path / "gateway.db"
    arguments = ("serve", "--http-port", "0", "--smpp-port", "0", "--store", str(path))
    process = subprocess.Popen(
        [sys.executable, "-m", "ussd_gateway", *arguments], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    made, enough = [], Event()
    try:
        port = next(int(found[1]) for line in process.stderr if (found := re.match(r"\s+http .*?:(\d+)", line)))
        phones = [
            Thread(target=spend, args=(port, f"7000110000{number}", made, enough, killed_after))
            for number in range(PHONES)
        ]
        for phone in phones:
            phone.start()
        assert enough.wait(PATIENCE)
        os.kill(process.pid, signal.SIGKILL)  # the others are in the middle of something
        for phone in phones:
            phone.join(PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stderr.close()

    store = Store(path)
    entries, audit = defaultdict(list), defaultdict(int)
    for at, account, kopecks, kind in store.read("SELECT at, account, kopecks, kind FROM ledger"):
        entries[at, account, kind].append(kopecks)
    for at, who, what in store.read("SELECT at, who, what FROM audit"):
        audit[at, who, what] += 1
    answered = sum("done" in answer for (answer,) in store.read("SELECT answer FROM money_requests"))
    promises = store.read("SELECT at, msisdn, kopecks FROM promised_payments")
    (sums,) = store.read("SELECT sum(kopecks), count(*) FROM ledger")
    store.close()

    transfers = {(at, account) for at, account, kind in entries if kind == "transfer_out"}
    fees = {(at, account) for at, account, kind in entries if kind == "transfer_fee" and account.startswith("7")}
    assert transfers == fees == {(at, who) for at, who, what in audit if what == "transfer.made"}
    assert sum(
        len(of) for (_, account, kind), of in entries.items() if (account, kind) == (BORIS, "transfer_in")
    ) == len(transfers)
    assert all(entries[at, msisdn, "promised_in"] == [kopecks] for at, msisdn, kopecks in promises)
    assert answered == len(transfers) + len(promises)
    assert set(made) <= {account for _, account in transfers}
    assert len(transfers) >= len(made) >= killed_after
    assert sums[0] == 0
    assert sums[1] % 2 == 0


def spend(port, msisdn, made, enough, killed_after):
    """A phone borrows 800 roubles and gives them away one by one, until there is no gateway any more.

    msisdn  a number of ours, known to the operator from its first call on
    made    takes the number for each transfer that the phone was told of
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def ask(method, path, body=None):
        connection.request(method, f"/api/v1/handsets/{msisdn}/{path}", body and json.dumps(body), JSON)
        return json.loads(connection.getresponse().read())

    try:
        ask("POST", "ussd", {"dial": "*111*123#"})
        ask("POST", "ussd", {"answer": "5"})
        ask("POST", "ussd", {"answer": "1"})
        last = ""
        while True:
            ask("POST", "ussd", {"dial": f"*112*{BORIS}*1#"})
            (sms, *_) = ask("GET", f"sms?match=%5C*112%5C*&wait=5&after={last}")["messages"]
            last, code = sms["id"], re.search(r"\*112\*(\d+)#", sms["text"])[1]
            if "Переведено" in ask("POST", "ussd", {"dial": f"*112*{code}#"})["text"]:
                made.append(msisdn)
            if len(made) >= killed_after:
                enough.set()
    except (OSError, http.client.HTTPException):
        pass


JSON = {"Content-Type": "application/json"}
