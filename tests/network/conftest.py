"""A whole operator in memory: parties that keep what they are delivered, and a record that is a list."""

import pytest

from ussd_gateway.network.network import Network, NetworkSettings


class Party:
    """An endpoint that keeps what it is delivered."""

    def __init__(self, name=""):
        self.name = name
        self.got = []

    def deliver(self, message):
        self.got.append(message)


class Written(list):
    """A record: (what, message, now) in order."""

    def ussd(self, message, now):
        self.append((f"ussd.{message.operation}", message, now))

    def sms(self, sms, state, now):
        self.append((f"sms {state.name}", sms, now))

    def state(self, sms, state, now, error=0):
        self.append((f"state {state.name}", sms, now))

    def attempt(self, sms, error, now):
        self.append((f"attempt {error}", sms, now))

    def replaced(self, sms, now):
        self.append(("replaced", sms, now))

    def receipt(self, receipt, now):
        self.append((f"receipt {receipt.state.name}", receipt, now))

    @property
    def kinds(self):
        return [kind for kind, _, _ in self]


class Operator:
    """A network whose deliveries are handed over at once, with a clock that the test moves."""

    def __init__(self, *, failed=lambda application, error: None, **settings):
        self.now = 0.0
        self.written = Written()
        self.chances = []  # what the dice show next; 0.0 when nothing is left
        self.network = Network(
            NetworkSettings(**settings),
            self.written,
            Party,
            chance=lambda: self.chances.pop(0) if self.chances else 0.0,
            failed=failed,
        )
        self.directory = self.network.directory

    def handset(self, msisdn):
        phone = Party(msisdn)
        phone.party = self.directory.attach_handset(msisdn, phone)
        return phone

    def application(self, *codes):
        application = Party(codes)
        for code in codes:
            self.directory.attach_code(code, application)
        return application

    def account(self, system_id, *numbers):
        esme = Party(system_id)
        esme.party = self.directory.attach_account(system_id, esme, numbers)
        return esme

    def bound(self, system_id, *numbers):
        esme = self.account(system_id, *numbers)
        esme.party.attached = True
        return esme

    def attach(self, endpoint):
        self.hand_over(self.network.attach(endpoint.party, self.now))

    def detach(self, endpoint):
        self.hand_over(self.network.detach(endpoint.party, self.now))

    def confirm(self, sms, state, error=0):
        self.hand_over(self.network.confirm(sms, state, self.now, error))

    def cancel(self, message_id, account, **given):
        self.hand_over(self.network.cancel(message_id, account, self.now, **given))

    def submit(self, message):
        self.hand_over(self.network.submit(message, self.now))
        return message

    def push(self, message, application):
        self.hand_over(self.network.push(message, application, self.now))
        return message

    def wait(self, seconds):
        end = self.now + seconds
        while (due := self.network.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.hand_over(self.network.tick(self.now))
        self.now = end

    def hand_over(self, deliveries):
        for endpoint, message in deliveries:
            endpoint.deliver(message)


@pytest.fixture
def operator():
    return Operator()


@pytest.fixture(scope="session")
def new_operator():
    return Operator
