"""Many scripts, each on a gateway of its own, one at a time or several at once."""

import multiprocessing
import os
import signal
import subprocess
import sys
from multiprocessing.connection import wait

import pytest

from ussd_gateway.config import ConfigError
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.runner import Place, play_all

HEAD = "phone anna is 70001000001\n"
ENGLISH = HEAD + 'anna dials *111*6*2#\nanna dials *100#\nanna sees exactly "Vash balans: 150.00 r."\n'
RUSSIAN = HEAD + 'anna dials *100#\nanna sees exactly "Ваш баланс: 150.00 р."\n'
BAD = HEAD + 'anna dials *100#\nanna sees "nothing like it"\n'


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_come_in_the_order_of_the_files_each_from_a_network_of_its_own(jobs):
    texts = [RUSSIAN, ENGLISH, BAD, RUSSIAN, RUSSIAN]
    scripts = [parse(text, f"{number}.ussd") for number, text in enumerate(texts)]
    done = []
    results = list(play_all(scripts, Place(), jobs, lambda: done.append(1)))
    assert [result.file for (result,) in results] == ["0.ussd", "1.ussd", "2.ussd", "3.ussd", "4.ussd"]
    assert [result.passed for (result,) in results] == [True, True, False, True, True]
    assert results[2][0].failure.sentence == 'anna sees "nothing like it"'
    assert len(done) == 5


def test_several_at_once_are_in_processes_which_are_gone_afterwards():
    before = set(multiprocessing.active_children())
    scripts = [parse(RUSSIAN, f"{number}.ussd") for number in range(3)]
    playing = play_all(scripts, Place(), 2)
    next(playing)
    started = set(multiprocessing.active_children()) - before
    assert len(started) == 2
    playing.close()
    for process in started:  # is_alive could be asked while the pool takes the process's status
        assert wait([process.sentinel], timeout=10)


@pytest.mark.parametrize("jobs", [1, 2])
def test_settings_that_are_wrong_are_told_from_wherever_they_are_read(jobs, tmp_path):
    config = tmp_path / "wrong.toml"
    config.write_text("[server]\nprot = 1\n")
    scripts = [parse(RUSSIAN, "a.ussd"), parse(RUSSIAN, "b.ussd")]
    with pytest.raises(ConfigError, match=r"server\.prot"):
        list(play_all(scripts, Place(config=str(config)), jobs))


PLAYS = """
import multiprocessing, threading
from ussd_gateway.scenario.parse import parse
from ussd_gateway.scenario.runner import Place, play_all

text = "phone anna is 70001000001\\nrepeat 9999 times\\n    anna dials *111#\\n    wait 30d\\n"
scripts = [parse(text, f"{number}.ussd") for number in range(8)]

def tell():
    while len(multiprocessing.active_children()) < 2:
        pass
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)

threading.Thread(target=tell).start()
list(play_all(scripts, Place(), 2))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has other signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_play_ends_its_processes(how):
    with subprocess.Popen(
        [sys.executable, "-c", PLAYS],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as playing:
        children = [int(pid) for pid in playing.stdout.readline().split()]
        assert len(children) == 2
        playing.send_signal(how)
        assert playing.stdout.read() == ""  # the pipe is closed when the last one that holds it has ended
    assert playing.returncode != 0
