"""The goals that a bench is held to, and how far each one is met."""

from dataclasses import dataclass

from parts.results import Figure, figure_of

MIB = 1024 * 1024
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Row:
    """One line of the table. A figure that is larger the better has `more`."""

    goal: str
    what: str
    where: str
    unit: str
    figure: Figure | None
    must: float | None
    aim: float | None
    ours: str = ""
    theirs: str = ""
    more: bool = False
    judged: bool = True

    @property
    def distance(self):
        """How many times as good the figure would have to be to reach the aim, or the must where there is no aim."""
        limit = self.aim if self.aim is not None else self.must
        if self.figure is None or not self.judged or not limit or self._reaches(limit) or not self.figure.median:
            return None
        return limit / self.figure.median if self.more else self.figure.median / limit

    @property
    def verdict(self):
        if self.figure is None:
            return NOT_MEASURED
        if not self.judged:
            return "smaller than the goal"
        if self.aim is not None and self._reaches(self.aim):
            return "aim met"
        if self.must is None:
            return "aim not met"
        return "met" if self._reaches(self.must) else "NOT MET"

    def _reaches(self, limit):
        return self.figure.median >= limit if self.more else self.figure.median <= limit


def shown(value, unit):
    if value is None:
        return ""
    scale, digits, word = {"x": (1, 2, "x"), "ms": (1000, 1, " ms"), "s": (1, 3, " s"), "MiB": (1 / MIB, 1, " MiB"),
                           "B": (1, 0, " B"), "": (1, 0, "")}[unit]
    return f"{value * scale:,.{digits}f}{word}"


class Table:
    """The rows of all goals, in their order."""

    def __init__(self, results):
        self._results = results
        self.rows = []
        for add in (self._cold, self._again, self._plugin, self._kubectl, self._memory, self._calls, self._killed, self._pages,
                    self._start, self._click, self._reads, self._elsewhere):
            add()
        self.rows.sort(key=lambda row: int(row.goal[1:]))

    def _ratio(self, goal, what, size, pair, limits, part="wall", unit="s", more=False):
        """pair: (place, ours, theirs); the ratio is theirs / ours where more is better, else ours / theirs."""
        place, ours, theirs = pair
        key, other = (place, size, ours), (place, size, theirs)
        figure = self._results.ratio(other, key, part) if more else self._results.ratio(key, other, part)
        mine, reference = self._results.figure(key, part), self._results.figure(other, part)
        must, aim = limits
        self.rows.append(Row(goal, what, f"{place}, {size:,}", "x", figure, must, aim, more=more,
                             ours=shown(mine.median, unit) if mine else "",
                             theirs=f"{theirs} {shown(reference.median, unit)}" if reference else theirs))

    def _value(self, goal, what, where, unit, value, limits, judged=True):
        must, aim = limits
        figure = figure_of([value]) if value is not None else None
        self.rows.append(Row(goal, what, where, unit, figure, must, aim, judged=judged,
                             ours=shown(value, unit) if value is not None else ""))

    def _of(self, name, part):
        return self._results.values.get(name, {}).get(part)

    def _cold(self):
        for place in ("real", "replay"):
            for size in (10_000, 100_000):
                self._ratio("G1", "cold sync, SQLite", size, (place, "ours cold", "R0 cold"), (2.5, 1.4))

    def _again(self):
        for size in (10_000, 100_000):
            self._ratio("G3", "sync again, nothing changed", size, ("real", "ours again", "floor"), (1.25, 1.05))
            for place in ("real", "replay"):
                pages = self._results.counts.get((place, size, "ours again"), {}).get("object_pages_written")
                self._value("G3", "pages of objects written", f"{place}, {size:,}", "", pages, (0, None))

    def _plugin(self):
        self._ratio("G4", "sync again", 10_000, ("real", "ours again", "R1 again"), (50, 60), more=True)
        self._ratio("G4", "cold sync, SQLite", 10_000, ("replay", "ours cold", "R1 cold"), (40, 80), more=True)
        self._ratio("G4", "sync again", 10_000, ("replay", "ours again", "R1 again"), (200, 500), more=True)
        self.rows.append(Row("G4", "cold sync, PostgreSQL", "real, 10,000", "x", None, 30, 35, more=True))

    def _kubectl(self):
        for size in (10_000, 100_000):
            self._ratio("G6", "CPU, sync again", size, ("real", "ours again", "R3"), (40, 65), "cpu", "ms", more=True)
        for program in ("ours again", "ours cold"):
            self._ratio("G6", f"peak memory, {program.split()[1]}", 100_000, ("real", program, "R3"), (12, 24), "peak",
                        "MiB", more=True)

    def _memory(self):
        sizes = sorted(size for place, size, program in self._results.keys()
                       if (place, program) == ("replay", "ours again"))
        each = None
        if len(sizes) > 1:
            peaks = [self._results.figure(("replay", size, "ours again"), "peak").median for size in sizes[-2:]]
            each = (peaks[1] - peaks[0]) / (sizes[-1] - sizes[-2])
        where = f"replay, {sizes[-2]:,} to {sizes[-1]:,}" if each is not None else ""
        self._value("G7", "memory per object", where, "B", each, (512, 200))
        for place in ("real", "replay"):
            found = [self._results.figure((place, 100_000, program), "peak") for program in ("ours cold", "ours again")]
            peak = max((figure.most for figure in found if figure), default=None)
            self._value("G7", "whole process at its peak", f"{place}, 100,000", "MiB", peak, (128 * MIB, 64 * MIB))

    def _calls(self):
        self._value("G16", "run with a silent cluster, to its end", "8 fault points, the worst", "s",
                    self._of("silences", "worst"), (30.5, None))
        self._value("G16", "cancel while lists arrive", "replay, slow", "ms", self._of("cancels", "worst"), (None, 0.1))

    def _killed(self):
        self._value("G17", "killed in a sync, its run known as ended", "replay, slow, 10,000", "s",
                    self._of("kills", "worst"), (20, 5))

    def _pages(self):
        for name in sorted(self._results.values):
            if name.startswith("lists "):
                size = int(name.split()[1])
                self._value("G18", "list pages, p99 as the client sees them", f"{size:,}", "ms", self._of(name, "p99"),
                            (0.1, 0.015), judged=size >= 100_000)
        if "lists 100000" not in self._results.values:
            self._value("G18", "list pages, p99", "100,000", "ms", None, (0.1, 0.015))

    def _start(self):
        self._value("G20", "start to serving", "10,000", "ms", self._of("start 10000", "p50"), (2, 0.2))

    def _click(self):
        self._value("G21", "click to run visible, p99", "real, 48", "ms", self._of("clicks", "visible_p99"), (0.2, 0.1))
        self._value("G21", "click to 48 objects synced, p99", "real, 48", "ms", self._of("clicks", "synced_p99"), (2, 0.5))

    def _reads(self):
        for rate, limits, none in ((2000, (0.025, None), (0, None)), (5000, (None, 0.025), (None, 0))):
            name = f"{rate:,} list reads a second"
            p99 = self._of(f"reads {rate}", "p99_ms")
            self._value("G22", f"{name}, p99", "10,000", "ms", p99 and p99 / 1000, limits)
            self._value("G22", f"{name}, errors", "10,000", "", self._of(f"reads {rate}", "errors"), none)
        where = "500 users, 100 acts a second"
        p99 = self._of("acts", "p99_ms")
        self._value("G22", "signed-in users who act, p99", where, "ms", p99 and p99 / 1000, (0.1, None))
        self._value("G22", "signed-in users who act, errors", where, "", self._of("acts", "errors"), (0, None))
        self._value("G22", "idle event streams, memory", "2,000 streams", "MiB", self._of("streams", "memory"),
                    (150 * MIB, None))
        self._value("G22", "idle event streams, lost", "2,000 streams", "", self._of("streams", "lost"), (0, None))
        self._value("G22", "2,000 users, 10,000 event streams", "", "", None, (None, None))

    def _elsewhere(self):
        for goal, what in (("G2", "cold sync, PostgreSQL"), ("G5", "against R2, client-go informers"),
                           ("G8", "watch event to committed"), ("G9", "watch event to painted"),
                           ("G10", "sustained event rate"), ("G11", "heartbeats of 1,000 switches"),
                           ("G12", "reconnect without lists"), ("G13", "push of 10,000 objects"),
                           ("G14", "Git against record"), ("G15", "one dead cluster among 100"),
                           ("G19", "idle with 100 fabrics")):
            self.rows.append(Row(goal, what, "", "", None, None, None))
