"""Progress goes to standard error."""

import io
import sys

from ussd_gateway.load.progress import told


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_elsewhere_each_state_is_a_line(capsys):
    with told() as say:
        say("1 s: 50 due")
        say("2 s: 100 due")
    assert capsys.readouterr().err == "1 s: 50 due\n2 s: 100 due\n"


def test_on_a_terminal_it_is_one_line_that_is_gone_at_the_end(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with told() as say:
        say("1 s: 50 due")
        say("2 s: 100 due [b]")
    written = terminal.getvalue()
    assert "2 s: 100 due [b]" in written
    assert written.endswith("\x1b[2K")  # the line is erased
