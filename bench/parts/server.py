"""Hedgerow itself: the release build, with a data folder of its own and the settings that people have."""

import json
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass

from parts import tree
from parts.person import Person
from parts.processes import Sample, cpu_of, forget_peak, memory_of
from parts.words import Failed

USERS = ("administrator", "operator")
LOOK_EACH = 0.01
START_WAIT = 60
RUN_WAIT = 1800
# What the server still does when a run has ended, such as a checkpoint, is part of its price.
SETTLED = 0.2


@dataclass(frozen=True)
class Ran:
    """A run as its person saw it."""

    sample: Sample
    visible: float  # Seconds from the click until the run could be read.
    run: dict
    memory: int  # Bytes in memory once it had ended.


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Template:
    """A data folder with its key and two users, made once and copied for each server."""

    def __init__(self):
        self.folder = tree.fresh_folder(tree.SCRATCH / "template")
        self.passwords = {name: secrets.token_urlsafe(18) for name in USERS}
        write_settings(self.folder, free_port())
        tree.must([tree.HEDGEROW, "key", "create", self.folder / "hedgerow.key"])
        for name, password in self.passwords.items():
            tree.must([tree.HEDGEROW, "user", "create", name, "--role", name, "--password-stdin",
                       "--config", self.folder / "hedgerow.toml"], input=password + "\n")


def write_settings(folder, port, more=()):
    lines = [
        'http.address = "127.0.0.1"',
        f"http.port = {port}",
        f'database.path = "{folder / "hedgerow.db"}"',
        f'security.key_file = "{folder / "hedgerow.key"}"',
        'outbound.allow = ["127.0.0.1"]',
        *more,
    ]
    (folder / "hedgerow.toml").write_text("\n".join(lines) + "\n")


class Hedgerow:
    """With the settings that people have, but for the lines in `more`."""

    def __init__(self, template, name="hedgerow", more=()):
        self._template = template
        self._process = None
        self._people = {}
        self.folder = tree.SCRATCH / name
        tree.must(["rm", "-rf", self.folder])
        shutil.copytree(template.folder, self.folder)
        self.port = free_port()
        write_settings(self.folder, self.port, more)
        self.start()

    @property
    def database(self):
        return self.folder / "hedgerow.db"

    @property
    def pid(self):
        return self._process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Seconds until it served. It ends with the bench, however that ends."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        begun = time.monotonic()
        with open(self.folder / "server.log", "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", tree.HEDGEROW, "serve", "--config", self.folder / "hedgerow.toml",
                 "--ready-file", ready],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while not self._serves(ready):
            if self._process.poll() is not None or time.monotonic() - begun > START_WAIT:
                self.stop()
                raise Failed(f"Hedgerow did not start; {self.folder / 'server.log'} says why")
            time.sleep(0.002)
        return time.monotonic() - begun

    def _serves(self, ready):
        if not ready.is_file() or not ready.read_text().strip():
            return False
        status, _, _ = Person(self.url).ask("GET", "/readyz")
        return status == 200

    def stop(self):
        self._forget_people()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(START_WAIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self):
        self._forget_people()
        self._process.kill()
        self._process.wait()

    def _forget_people(self):
        for person in self._people.values():
            person.close()
        self._people = {}

    def person(self, name):
        if name not in self._people:
            self._people[name] = Person(self.url).sign_in(name, self._template.passwords[name])
        return self._people[name]

    def add_fabric(self, place, name="bench"):
        # Several may be of one cluster, as with a replay of its answers.
        wish = {"name": name, "shares_cluster": True, "cluster": place.fields()}
        return self.person("administrator").once("POST", "/api/fabrics/", wish)["id"]

    def remove_fabric(self, fabric, name="bench"):
        self.person("administrator").must("DELETE", f"/api/fabrics/{fabric}/?name={name}")

    def click(self, fabric):
        return self.person("operator").once("POST", f"/api/fabrics/{fabric}/runs/", {"operation": "pull"})["run"]["id"]

    def look(self, run):
        return self.person("operator").must("GET", f"/api/runs/{run}/")

    def until(self, run, is_so, rest=lambda: time.sleep(LOOK_EACH)):
        """Looks at it until it is so; between two looks it rests."""
        late = time.monotonic() + RUN_WAIT
        while True:
            seen = self.look(run)
            if is_so(seen):
                return seen
            if time.monotonic() > late:
                raise Failed(f"run {run} came to no end: {json.dumps(seen)[:600]}")
            rest()

    def pull(self, fabric):
        """One run from the click until its person is told that it has ended, and what it took."""
        with self.person("operator").listen(f"fabric/{fabric}") as events:
            forget_peak(self.pid)
            cpu, begun = cpu_of(self.pid), time.monotonic()
            run = self.click(fabric)
            self.look(run)
            visible = time.monotonic() - begun
            ended = self.until(run, lambda seen: seen["state"] == "ended", rest=events.next)
            wall = time.monotonic() - begun
        if ended["outcome"] != "succeeded":
            raise Failed(f"a run ended as {ended['outcome']}: {ended['summary']}")
        time.sleep(SETTLED)
        now, peak = memory_of(self.pid)
        return Ran(Sample(wall, cpu_of(self.pid) - cpu, peak), visible, ended, now)
