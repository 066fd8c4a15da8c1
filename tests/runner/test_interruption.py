"""A signal is raised where nobody looks, and again where it got lost; not on the way out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.monorepo import ROOT

_PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from pyfmt.runner import interruption
interruption._LATER = interruption._AGAIN = 0.05
signal.signal(signal.SIGINT, signal.default_int_handler)
interruption.install()
os.kill(os.getpid(), signal.SIGINT)
try:
    time.sleep(3600)
except KeyboardInterrupt:
    if {taken}:
        interruption.taken()
try:
    time.sleep(1 if {taken} else 3600)
    print("whole")
except KeyboardInterrupt:
    print("again")
"""


@pytest.mark.parametrize(("taken", "said"), [(True, "whole"), (False, "again")])
def test_who_has_taken_an_interrupt_tidies_up_undisturbed(taken: bool, said: str) -> None:
    program = _PROGRAM.format(root=str(ROOT), taken=taken)
    done = subprocess.run([sys.executable, "-P", "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{said}\n", "")
