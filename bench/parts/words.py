"""What the bench says while it works."""

import sys
import time
from contextlib import contextmanager


class Failed(Exception):
    """The bench cannot go on; the text says why."""


class Stopped(Failed):
    """Somebody wants the bench to end; what it has measured stands."""


def stop(signal, _):
    raise Stopped(f"told to stop, by signal {signal}")


@contextmanager
def step(name):
    """One line with its time when the step is done."""
    begun = time.monotonic()
    yield
    say(f"  {name:34} {time.monotonic() - begun:7.1f} s")


def say(line):
    print(line, file=sys.stderr, flush=True)
