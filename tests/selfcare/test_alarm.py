"""One timer for all that a table says is due."""

from structlog.testing import capture_logs

from ussd_gateway.selfcare.alarm import Alarm


class Table:
    def __init__(self, desk, *due):
        self.due = list(due)
        self.rung = []
        self.gateway = desk.gateway
        self.start = desk.gateway.now()
        self.alarm = Alarm(desk.gateway, lambda: min((self.start + at for at in self.due), default=None), self.ring)

    def ring(self, now):
        self.rung.append(now - self.start)
        self.due = [at for at in self.due if self.start + at > now]


async def test_it_rings_for_each_deadline_at_its_moment(desk):
    table = Table(desk, 20, 5, 10)
    table.alarm.set()

    await desk.gateway.wait(15)

    assert table.rung == [5, 10]


async def test_a_sooner_one_goes_before_and_none_is_rung_twice(desk):
    table = Table(desk, 20)
    table.alarm.set()
    table.due.append(3)
    table.alarm.set()
    table.alarm.set()

    await desk.gateway.wait(30)

    assert table.rung == [3, 20]


async def test_what_became_due_before_the_start_rings_at_once(desk):
    table = Table(desk, -100)
    table.alarm.set()

    await desk.gateway.wait(0)

    assert table.rung == [0]


async def test_it_can_be_stopped(desk):
    table = Table(desk, 5)
    table.alarm.set()
    table.alarm.stop()

    await desk.gateway.wait(10)

    assert table.rung == []


async def test_a_failure_does_not_ring_for_ever(desk):
    table = Table(desk, 5)
    alarm = Alarm(desk.gateway, lambda: table.start + 5, lambda now: 1 / 0)
    alarm.set()

    with capture_logs() as logs:
        await desk.gateway.wait(10)

    assert [line["event"] for line in logs] == ["gateway.callback_failed"]
