"""Reading one server, by Hedgerow and by every reference, in turns."""

import json
import statistics

from parts import contents, tree
from parts.processes import memory_of, share_of_others, timed
from parts.server import Hedgerow
from parts.words import Failed, step


class Syncs:
    """Each turn runs in the other order than the last."""

    def __init__(self, results, template, server, size):
        self._results, self._template, self._server, self._size = results, template, server, size
        self._place = server.place()
        with step(f"what {size:,} objects say"):
            self._expected = contents.contents_of(contents.of_answers(self._place))

    def rounds(self, how_often):
        """{program: how often}; every turn runs those that are still wanted. One turn before them counts for nothing."""
        works = {"ours": self._ours, "floor": self._floor, "R0": self._r0, "R3": self._r3, "R1": self._r1}
        self._warm_up(works)
        others = []
        for turn in range(max(how_often.values())):
            others.append(share_of_others())
            wanted = [name for name in works if turn < how_often.get(name, 0)]
            with step(f"{self._place.name}, {self._size:,}, turn {turn + 1}: {' '.join(wanted)}"):
                for name in wanted if turn % 2 == 0 else reversed(wanted):
                    works[name](turn)

        self._results.values[f"used by others, {self._place.name} {self._size}"] = {
            "of_all_cores": round(statistics.median(others), 2), "most": round(max(others), 2)}

    def _warm_up(self, works):
        """A server that has just begun, and caches that are empty, are nobody's fault."""
        with step(f"{self._place.name}, {self._size:,}, warm-up"):
            for name in ("ours", "floor", "R0"):
                works[name](None)

    def _key(self, program):
        return self._place.name, self._size, program

    def _add(self, program, turn, sample):
        if turn is not None:
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
        if turn is None:
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
        command = [tree.KUBECTL, "--kubeconfig", self._place.kubeconfig, "get", "-A", "-o", "json"]
        home = tree.SCRATCH / "kubectl-home"
        home.mkdir(exist_ok=True)
        if turn == 0:
            # What kubectl asks for once a while only, such as discovery, is not counted.
            fewest = min(self._place.kinds, key=lambda kind: kind["items"])
            timed([*command, f"{fewest['plural']}.{fewest['group']}"], env={"HOME": str(home)})
        with open(output, "w", encoding="utf-8") as file:
            sample = self._counted("R3", lambda: timed([*command, names], output=file, env={"HOME": str(home)}))
        self._agrees("R3", contents.of_kubectl(self._place, output))
        self._add("R3", turn, sample)


def fresh_database(name):
    return tree.fresh_folder(tree.SCRATCH / name) / "record.db"
