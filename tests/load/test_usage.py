import os

import pytest

from ussd_gateway.load.usage import PROC, cpu_seconds, resident_mib

STAT = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 1000 10 1"
STATUS = "Name:\ta\nVmHWM:\t   99999 kB\nVmRSS:\t   51200 kB\nThreads:\t1\n"


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "stat").write_text(STAT)
    (tmp_path / "42" / "status").write_text(STATUS)
    return tmp_path


def test_cpu_seconds_are_user_and_system_whatever_the_program_is_called(proc):
    assert cpu_seconds(42, proc) == 300 / os.sysconf("SC_CLK_TCK")


def test_memory(proc):
    assert resident_mib(42, proc) == 50


def test_a_process_that_is_gone_and_a_system_without_proc_tell_nothing(proc):
    assert cpu_seconds(43, proc) is None
    assert resident_mib(43, proc) is None


def test_a_kernel_thread_has_no_memory_of_its_own(proc):
    (proc / "42" / "status").write_text("Name:\tkthreadd\n")
    assert resident_mib(42, proc) is None


@pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="this system has no /proc")
def test_this_process_has_used_some():
    assert cpu_seconds(os.getpid()) >= 0
    assert resident_mib(os.getpid()) > 1
