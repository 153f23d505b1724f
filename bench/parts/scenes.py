"""What is measured: each scene puts its figures into the results."""

import json
import os
import subprocess
import time

from parts import contents, tree
from parts.places import ReplayServer
from parts.processes import cpu_of, memory_of, timed
from parts.results import part_of
from parts.server import Hedgerow
from parts.words import Failed, say, step

PAGES = 50
PAGE_READS = 200
STARTS = 5
CANCELS = 5


class Syncs:
    """Reading one server, by Hedgerow and by every reference, in turns; each turn in the other order than the last."""

    def __init__(self, results, template, server, size):
        self._results, self._template, self._server, self._size = results, template, server, size
        self._place = server.place()
        with step(f"what {size:,} objects say"):
            self._expected = contents.contents_of(contents.of_answers(self._place))

    def rounds(self, how_often):
        """{program: how often}; every turn runs those that are still wanted."""
        works = {"ours": self._ours, "floor": self._floor, "R0": self._r0, "R3": self._r3, "R1": self._r1}
        for turn in range(max(how_often.values())):
            wanted = [name for name in works if turn < how_often.get(name, 0)]
            with step(f"{self._place.name}, {self._size:,}, turn {turn + 1}: {' '.join(wanted)}"):
                for name in wanted if turn % 2 == 0 else reversed(wanted):
                    works[name](turn)

    def _key(self, program):
        return self._place.name, self._size, program

    def _add(self, program, turn, sample):
        self._results.add(self._key(program), turn, sample)

    def _counted(self, program, work):
        """Does it, and notes what reached the server meanwhile. The same each turn, so the last one stands."""
        before = self._server.counted()
        done = work()
        after = self._server.counted()
        self._results.counts.setdefault(self._key(program), {}).update(
            {name: after[name] - before[name] for name in after})
        return done

    def _agrees(self, program, rows):
        contents.must_agree(program, contents.contents_of(rows), self._expected)

    def _ours(self, turn):
        hedgerow = Hedgerow(self._template)
        try:
            fabric = hedgerow.add_fabric(self._place)
            idle, _ = memory_of(hedgerow.pid)
            cold = self._counted("ours cold", lambda: hedgerow.pull(fabric))
            self._agrees("ours", contents.of_hedgerow(hedgerow.database))
            with contents.WriteWatch(hedgerow.database) as watch:
                again = self._counted("ours again", lambda: hedgerow.pull(fabric))
            self._agrees("ours", contents.of_hedgerow(hedgerow.database))
            told = again.run["counts"]
            if told["unchanged"] != self._size or told["created"] or told["changed"]:
                raise Failed(f"a second sync with nothing changed counted {json.dumps(told)}")
        finally:
            hedgerow.stop()
        self._add("ours cold", turn, cold.sample)
        self._add("ours again", turn, again.sample)
        self._results.counts[self._key("ours again")].update(
            {"pages_written": sum(watch.pages.values()), "object_pages_written": watch.of_objects(),
             "idle_memory": idle, "memory_after": again.memory})

    def _reach(self):
        return ["--server", self._place.url, "--ca", self._place.ca_file, "--token-file", self._place.token_file,
                "--paths", self._place.paths_file]

    def _floor(self, turn):
        if turn == 0:
            folder = tree.fresh_folder(tree.SCRATCH / "floor")
            tree.must([tree.FLOOR, *self._reach(), "--keep", folder])
            self._agrees("floor", contents.of_bodies(self._place, folder))
        self._add("floor", turn, self._counted("floor", lambda: timed([tree.FLOOR, *self._reach()])))

    def _r0(self, turn):
        database = fresh_database("r0")
        command = [tree.R0, *self._reach(), "--db", database]
        for program in ("R0 cold", "R0 again"):
            sample = self._counted(program, lambda: timed(command))
            self._agrees(program, contents.of_r0(self._place, database))
            self._add(program, turn, sample)

    def _r1(self, turn):
        database = fresh_database("r1")
        command = [tree.VENV / "bin/python", tree.R1, "--kubeconfig", self._place.kubeconfig, "--kinds",
                   self._place.kinds_file, "--db", database]
        for program in ("R1 cold", "R1 again"):
            sample = self._counted(program, lambda: timed(command))
            self._agrees(program, contents.of_r1(database))
            self._add(program, turn, sample)

    def _r3(self, turn):
        output = tree.SCRATCH / "kubectl.json"
        names = ",".join(f"{kind['plural']}.{kind['group']}" for kind in self._place.kinds)
        command = [tree.KUBECTL, "--kubeconfig", self._place.kubeconfig, "get", "-A", "-o", "json", names]
        home = tree.SCRATCH / "kubectl-home"
        home.mkdir(exist_ok=True)
        if turn == 0:
            # What kubectl asks for once a while only, such as discovery, is not counted.
            timed(command, env={"HOME": str(home)})
        with open(output, "w", encoding="utf-8") as file:
            sample = self._counted("R3", lambda: timed(command, output=file, env={"HOME": str(home)}))
        self._agrees("R3", contents.of_kubectl(self._place, output))
        self._add("R3", turn, sample)


def fresh_database(name):
    return tree.fresh_folder(tree.SCRATCH / name) / "record.db"


def synced(template, place, name):
    """A server whose record has all of the place."""
    hedgerow = Hedgerow(template, name)
    fabric = hedgerow.add_fabric(place)
    hedgerow.pull(fabric)
    return hedgerow, fabric


def lists_of(fabric, size):
    """List pages as people open them: every order, with and without filters, from the first to the last page."""
    base = f"/api/fabrics/{fabric}/objects/?limit={PAGES}"
    last = max(0, size - PAGES)
    return [base + more for more in (
        "", "&ordering=-changed", "&ordering=name", "&ordering=-name", "&ordering=kind", "&ordering=-namespace",
        f"&offset={last // 2}", f"&offset={last}&ordering=-kind", "&kind=Connection&ordering=-name",
        "&kind=VPCAttachment&ordering=changed", "&kind=Switch&kind=Server", "&namespace=default&ordering=name",
        "&name__ic=leaf-01&ordering=-changed", "&q=server-01&ordering=name", "&presence=any&ordering=-changed",
        "&q=nothing-is-called-so")]


def lists(results, hedgerow, fabric, size):
    """G18: every one several times, one after the other, on one connection."""
    person = hedgerow.person("operator")
    addresses = lists_of(fabric, size)
    took = {address: [] for address in addresses}
    with step(f"list pages over {size:,}"):
        for turn in range(-1, PAGE_READS // len(addresses)):
            for address in addresses:
                begun = time.monotonic()
                person.must("GET", address)
                if turn >= 0:
                    took[address].append(time.monotonic() - begun)
    every = [one for times in took.values() for one in times]
    slowest = max(took, key=lambda address: part_of(took[address], 0.5))
    results.values[f"lists {size}"] = {
        "count": len(every), "p50": part_of(every, 0.5), "p99": part_of(every, 0.99), "slowest": slowest.split("?")[1],
        "slowest_p50": part_of(took[slowest], 0.5)}


def reads(results, hedgerow, fabric, size, rate, seconds):
    """G22: so many list reads a second, whether the server keeps up or not."""
    addresses = [hedgerow.url + address for address in lists_of(fabric, size)[:4]]
    addresses += [f"{hedgerow.url}/api/fabrics/?limit=50", f"{hedgerow.url}/api/fabrics/{fabric}/runs/?limit=20"]
    cookie = hedgerow.person("operator").cookie
    cpu = cpu_of(hedgerow.pid)
    with step(f"{rate:,} list reads a second"):
        done = subprocess.run([str(tree.LOAD), "--rate", str(rate), "--seconds", str(seconds), *addresses],
                              capture_output=True, text=True, env={**os.environ, "LOAD_COOKIE": cookie})
    if done.returncode != 0:
        raise Failed(f"load: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    results.values[f"reads {rate}"] = {**told, "cpu_share": (cpu_of(hedgerow.pid) - cpu) / seconds}


def starts(results, hedgerow, size):
    """G20: from the start of the process until it serves, with a record of this size."""
    took = []
    with step(f"starts over {size:,}"):
        for _ in range(STARTS):
            hedgerow.stop()
            took.append(hedgerow.start())
    results.values[f"start {size}"] = {"count": STARTS, "p50": part_of(took, 0.5), "worst": max(took)}


def clicks(results, template, place, size, how_often):
    """G21: the first sync of a small fabric, again and again, each on a fabric that was just added."""
    hedgerow = Hedgerow(template, "clicks")
    visible, synced_after = [], []
    try:
        with step(f"{how_often} clicks on {size} objects"):
            for _ in range(how_often):
                fabric = hedgerow.add_fabric(place)
                done = hedgerow.pull(fabric)
                if done.run["counts"]["created"] != size:
                    raise Failed(f"a first sync of {size} objects counted {json.dumps(done.run['counts'])}")
                visible.append(done.visible)
                synced_after.append(done.sample.wall)
                hedgerow.remove_fabric(fabric)
    finally:
        hedgerow.stop()
    results.values["clicks"] = {"count": how_often, "visible_p99": part_of(visible, 0.99),
                                "synced_p50": part_of(synced_after, 0.5), "synced_worst": max(synced_after)}


def cancels(results, template, answers):
    """G16: from the wish to cancel until the run has ended, while a slow server still sends lists."""
    total = sum(kind["bytes"] for kind in json.loads((answers / "kinds.json").read_text()))
    slow = ReplayServer(answers, rate=max(50_000, total // 30))
    hedgerow = Hedgerow(template, "cancels")
    took = []
    try:
        with step(f"{CANCELS} cancelled runs"):
            fabric = hedgerow.add_fabric(slow.place())
            for _ in range(CANCELS):
                run = hedgerow.click(fabric)
                hedgerow.until(run, is_listing)
                begun = time.monotonic()
                hedgerow.person("operator").must("POST", f"/api/runs/{run}/cancel/")
                ended = hedgerow.until(run, lambda seen: seen["state"] == "ended", each=0.002)
                took.append(time.monotonic() - begun)
                if ended["outcome"] != "cancelled":
                    raise Failed(f"a cancelled run ended as {ended['outcome']}: {ended['summary']}")
    finally:
        hedgerow.stop()
        slow.stop()
    results.values["cancels"] = {"count": CANCELS, "p50": part_of(took, 0.5), "worst": max(took)}


def is_listing(run):
    if run["state"] == "ended":
        raise Failed(f"a run was over before it could be cancelled: {run['summary']}")
    return any(kind["state"] == "running" for kind in run["kinds"])


def not_measured(results, name, reason):
    results.reasons[name] = reason
    say(f"  {name}: not measured: {reason}")
