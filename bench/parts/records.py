"""What concerns a record that is there: its pages, its start, runs on it that are clicked or cancelled."""

import json
import time

from parts.places import ReplayServer
from parts.results import part_of
from parts.server import Hedgerow
from parts.words import Failed, step

PAGES = 50
PAGE_READS = 200
STARTS = 5
CANCELS = 5


def synced(template, place, name, more=()):
    """A server whose record has all of the place."""
    hedgerow = Hedgerow(template, name, more)
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
                                "synced_p50": part_of(synced_after, 0.5), "synced_p99": part_of(synced_after, 0.99),
                                "synced_worst": max(synced_after)}


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
                ended = hedgerow.until(run, lambda seen: seen["state"] == "ended", rest=lambda: time.sleep(0.002))
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
