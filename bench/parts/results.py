"""All that was measured in one bench, and what is made of it: medians, ratios pair by pair, growth."""

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass

from parts.processes import Sample


@dataclass(frozen=True)
class Figure:
    """The median of several values and how far they lie apart."""

    median: float
    least: float
    most: float
    count: int


def figure_of(values):
    values = list(values)
    return Figure(statistics.median(values), min(values), max(values), len(values)) if values else None


def part_of(values, part):
    """The value that this part of all do not exceed."""
    row = sorted(values)
    return row[max(0, math.ceil(part * len(row)) - 1)] if row else None


class Results:
    """Samples by (place, size, program), in the order of the rounds; single values by name."""

    def __init__(self):
        self._samples = defaultdict(dict)
        self.counts = {}
        self.values = {}
        self.reasons = {}

    def add(self, key, turn, sample):
        self._samples[key][turn] = sample

    def keys(self):
        return list(self._samples)

    def figure(self, key, part):
        return figure_of(getattr(sample, part) for sample in self._samples.get(key, {}).values())

    def ratio(self, key, other, part):
        """Of the rounds in which both were measured, one beside the other."""
        ours, theirs = self._samples.get(key, {}), self._samples.get(other, {})
        both = sorted(ours.keys() & theirs.keys())
        return figure_of(getattr(ours[turn], part) / getattr(theirs[turn], part) for turn in both)

    def growth(self, key, smaller, larger, part="wall"):
        """How cost grows between two sizes: 1 is in proportion."""
        place, program = key
        small = self.figure((place, smaller, program), part)
        large = self.figure((place, larger, program), part)
        if not small or not large:
            return None
        return math.log(large.median / small.median) / math.log(larger / smaller)

    def keep(self, told):
        """What an earlier bench of the same programs told stands where this one measured nothing."""
        measured = set(self._samples)
        for one in told["samples"]:
            key = one["place"], one["size"], one["program"]
            if key not in measured:
                self.add(key, one["turn"], Sample(one["wall"], one["cpu"], one["peak"]))
        for one in told["counts"]:
            key = one.pop("place"), one.pop("size"), one.pop("program")
            if key not in measured:
                self.counts[key] = one
        self.values = told["values"] | self.values
        self.reasons = told["not_measured"] | self.reasons

    def as_json(self):
        return {
            "samples": [{"place": place, "size": size, "program": program, "turn": turn, **vars(sample)}
                        for (place, size, program), turns in self._samples.items() for turn, sample in turns.items()],
            "counts": [{"place": place, "size": size, "program": program, **told}
                       for (place, size, program), told in self.counts.items()],
            "values": self.values,
            "not_measured": self.reasons,
        }
