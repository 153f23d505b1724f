"""Where everything lies, and how it is built."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from parts.words import Failed, step

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
BUILD = ROOT / "build/bench"
PROGRAMS = BUILD / "programs"
SCRATCH = BUILD / "scratch"

HEDGEROW = ROOT / "build/release/src/app/hedgerow"
CLUSTER = ROOT / "tools/cluster"
GATE = ROOT / "build/tools/gate"
CONTROL_PLANE = ROOT / "build/tools/control-plane"
CRDS = ROOT / "examples/fabric/crds"
GENERATE = PROGRAMS / "generate"
REPLAY = PROGRAMS / "replay"
LOAD = PROGRAMS / "load"
KUBECTL = PROGRAMS / "kubectl"
FLOOR = BUILD / "reference/floor"
R0 = BUILD / "reference/r0"
VENV = BUILD / "venv"
R1 = BENCH / "reference/r1/r1.py"


def alone():
    """Two benches at once would measure each other: the second waits. Held until the process ends."""
    BUILD.mkdir(parents=True, exist_ok=True)
    lock = open(BUILD / ".lock", "w", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def must(command, **options):
    """Runs a command to its end; its last words when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise Failed(f"{Path(str(command[0])).name}: " + " / ".join(said or [f"exit code {done.returncode}"]))
    return done.stdout


def build_all():
    """Builds what is stale. What only one reference needs may fail: that one is then not measured."""
    for what in ("control-plane", "gate", "page", "release"):
        with step(f"build {what}"):
            must([ROOT / "tools/lib/build", what])
    for name, module in (("generate", "examples/fabric/generate"), ("replay", "bench/replay"), ("load", "bench/load")):
        with step(f"build {name}"):
            must([ROOT / "tools/go-build", ROOT / module, PROGRAMS / name])
    with step("build floor and R0"):
        build_in_cpp()
    return {name: reason for name, reason in (("R1", attempt(build_r1)), ("R3", attempt(build_r3))) if reason}


def attempt(build):
    try:
        build()
    except Failed as failure:
        return str(failure)
    return None


def build_in_cpp():
    folder = BUILD / "reference"
    if not (folder / "build.ninja").is_file():
        must(["cmake", "-S", BENCH / "reference", "-B", folder, "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++",
              "-DCMAKE_BUILD_TYPE=RelWithDebInfo"])
    must(["cmake", "--build", folder])


def build_r1():
    wanted = BENCH / "reference/r1/requirements.txt"
    stamp = VENV / "installed"
    if stamp.is_file() and stamp.read_text() == wanted.read_text():
        return
    with step("build R1"):
        must([sys.executable, "-m", "venv", "--clear", VENV])
        must([VENV / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", wanted])
        stamp.write_text(wanted.read_text())


def build_r3():
    with step("build R3"):
        must([ROOT / "tools/go-build", BENCH / "reference/r3", KUBECTL])


def identity_of(size):
    """What a loaded cluster and its recorded answers depend on, as a few letters."""
    digest = hashlib.sha256(str(size).encode())
    for program in (GENERATE, REPLAY, CONTROL_PLANE):
        digest.update(Path(f"{program}.digest").read_bytes())
    return digest.hexdigest()[:12]


def digest_of(files):
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def fresh_folder(path):
    must(["rm", "-rf", path])
    os.makedirs(path, mode=0o700)
    return path
