"""Programs that the bench starts, and what the kernel says they took."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from parts.tree import BENCH, SCRATCH
from parts.words import Failed

STOP_WAIT = 30
OTHERS_WATCHED = 0.5


@dataclass(frozen=True)
class Sample:
    """One measured piece of work: seconds, seconds of all cores, bytes."""

    wall: float
    cpu: float
    peak: int


def timed(command, output=subprocess.DEVNULL, env=None):
    """Runs a command to its end and says what it took."""
    report, complaints = SCRATCH / "clocked.json", SCRATCH / "clocked.err"
    whole = [sys.executable, "-S", "-E", BENCH / "parts/clocked.py", report, *command]
    with open(complaints, "w+", encoding="utf-8") as said:
        code = subprocess.call([str(word) for word in whole], stdout=output, stderr=said,
                               env={**os.environ, **(env or {})})
        said.seek(0)
        if code != 0:
            raise Failed(f"{Path(str(command[0])).name}: exit code {code}: {said.read()[-600:].strip()}")
    return Sample(**json.loads(report.read_text()))


class Talker:
    """A program that says one line of JSON when it is ready and ends when its standard input does.

    Before, it may be told what is wanted of it.
    """

    def __init__(self, command, complaints, wish=None):
        with open(complaints, "w", encoding="utf-8") as said:
            self._process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=said, text=True)
        if wish is not None:
            self._process.stdin.write(json.dumps(wish) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise Failed(f"{Path(str(command[0])).name} did not start: {Path(complaints).read_text()[-600:].strip()}")
        self.report = json.loads(line)

    def stop(self):
        """Ends it; what it said last."""
        last, _ = self._process.communicate(timeout=STOP_WAIT)
        return last


def share_of_others():
    """How much of all cores others use, measured while the bench itself does nothing."""
    before = cpu_ticks()
    time.sleep(OTHERS_WATCHED)
    busy, whole = (after - earlier for after, earlier in zip(cpu_ticks(), before, strict=True))
    return busy / max(1, whole)


def cpu_ticks():
    """(busy, all) of the machine so far."""
    user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    busy = user + nice + system + sum(rest)
    return busy, busy + idle + waiting


def cpu_of(pid):
    """The seconds that all threads of a process have computed, the ended ones included."""
    # The clock that clock_getcpuclockid(3) names; /proc/PID/stat counts in hundredths of a second.
    return time.clock_gettime((~pid << 3) | 2)


def forget_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def memory_of(pid):
    """(bytes now, bytes at most) in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith("Vm")}
    return int(found["VmRSS"]) * 1024, int(found["VmHWM"]) * 1024
