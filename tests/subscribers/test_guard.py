"""Three wrong passwords, then half an hour."""

from ussd_gateway.subscribers.guard import OPEN, Guard, GuardRules, admits, after_failure, at, tries_left

RULES = GuardRules(3, 1800.0)


def failed(times, now=0.0, guard=OPEN):
    for _ in range(times):
        guard = after_failure(guard, now, RULES)
    return guard


def test_every_failure_takes_a_try():
    assert [tries_left(failed(times), 0, RULES) for times in range(4)] == [3, 2, 1, 0]


def test_the_last_one_locks():
    assert failed(2) == Guard(2)
    assert failed(3, now=100) == Guard(3, 1900.0)


def test_it_admits_nobody_until_the_moment_at_which_the_lock_ends():
    locked = failed(3)

    assert [admits(locked, now) for now in (0, 1799.9, 1800, 1800.1)] == [False, False, True, True]


def test_after_the_lock_everything_begins_anew():
    assert at(failed(3), 1800) == OPEN
    assert after_failure(failed(3), 1800, RULES) == Guard(1)


def test_failures_without_a_lock_do_not_pass_away():
    assert at(failed(2), 1e9) == Guard(2)
