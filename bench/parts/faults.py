"""What becomes of runs when the server is killed, and when the cluster falls silent."""

import json
import socket
import time
from contextlib import ExitStack, closing
from dataclasses import replace

from parts import contents, tree
from parts.places import ReplayServer
from parts.processes import Talker
from parts.records import is_listing
from parts.results import part_of
from parts.server import Hedgerow
from parts.words import Failed, step

KILLS = 3
SLOW_SYNC = 4  # Seconds that a sync takes which is killed.
AT_ONCE = 4  # As many as there are workers, so that none waits for its turn.
LIST = {"path": "/connections$"}
# Where a call can get stuck, as rules of the proxy that fails on demand.
FAULT_POINTS = {
    "handshake": {"on": "connection", "action": {"black_hole": True}},
    "discovery": {"match": {"path": "^/apis$"}, "action": {"black_hole": True}},
    "answer": {"match": LIST, "action": {"black_hole": True}},
    "body": {"match": LIST, "action": {"cut": {"after": 100, "how": "silent"}}},
    "drip": {"match": LIST, "action": {"drip": 1}},
    "unavailable": {"match": LIST, "action": {"answer": {"status": 503, "body": "no"}}},
    "reset": {"match": LIST, "action": {"reset": True}},
}


def kills(results, template, answers):
    """From a kill in the middle of a sync until its run is known to have ended; then one more sync must find all."""
    total = sum(kind["bytes"] for kind in json.loads((answers / "kinds.json").read_text()))
    slow = ReplayServer(answers, rate=total // SLOW_SYNC)
    hedgerow = Hedgerow(template, "kills")
    took = []
    try:
        place = slow.place()
        expected = contents.contents_of(contents.of_answers(place))
        with step(f"{KILLS} kills in a sync"):
            for _ in range(KILLS):
                fabric = hedgerow.add_fabric(place)
                run = hedgerow.click(fabric)
                hedgerow.until(run, is_listing)
                hedgerow.kill()
                begun = time.monotonic()
                hedgerow.start()
                ended = hedgerow.until(run, lambda seen: seen["state"] == "ended")
                took.append(time.monotonic() - begun)
                if ended["outcome"] == "succeeded":
                    raise Failed("a run whose server was killed ended as succeeded")
                hedgerow.pull(fabric)
                contents.must_agree("ours, after a kill", contents.contents_of(
                    contents.of_hedgerow(hedgerow.database)), expected)
                hedgerow.remove_fabric(fabric)
    finally:
        hedgerow.stop()
        slow.stop()
    results.values["kills"] = {"count": KILLS, "p50": part_of(took, 0.5), "worst": max(took)}


def silences(results, template, server):
    """From the click until the run has ended, with the cluster silent at one point each."""
    took = {}
    with step(f"{1 + len(FAULT_POINTS)} fault points"), ExitStack() as at_end:
        hedgerow = Hedgerow(template, "silences")
        at_end.callback(hedgerow.stop)
        place = server.place()
        places = {"connect": replace(place, url=at_end.enter_context(swallowing()))}
        for name, rule in FAULT_POINTS.items():
            gate = Talker(gate_before(server, {"name": name, **rule}), tree.SCRATCH / f"gate-{name}.err")
            at_end.callback(gate.stop)
            places[name] = replace(place, url=gate.report["url"])
        fabrics = {name: hedgerow.add_fabric(each, name) for name, each in places.items()}
        names = list(fabrics)
        for begin in range(0, len(names), AT_ONCE):
            took |= ends(hedgerow, {name: fabrics[name] for name in names[begin:begin + AT_ONCE]})
    results.values["silences"] = {"took": took, "worst": max(took.values())}


def ends(hedgerow, fabrics):
    """{name: seconds} of runs that are clicked together."""
    clicked = {name: (time.monotonic(), hedgerow.click(fabric)) for name, fabric in fabrics.items()}
    took = {}
    while len(took) < len(clicked):
        for name, (begun, run) in clicked.items():
            seen = hedgerow.look(run)
            if name in took or seen["state"] != "ended":
                continue
            took[name] = time.monotonic() - begun
            if seen["outcome"] == "succeeded":
                raise Failed(f"a run succeeded although the cluster was silent at {name}")
        time.sleep(0.05)
    return took


def gate_before(server, rule):
    report = server.report
    return [tree.GATE, "--upstream", report["url"], "--upstream-ca", report["ca_file"], "--ca-cert", report["ca_file"],
            "--ca-key", report["ca_key_file"], "--rules", json.dumps([rule])]


class swallowing:
    """The address of a port whose queue is full: the kernel drops each further greeting without a word."""

    def __enter__(self):
        with ExitStack() as opened:
            hole = opened.enter_context(closing(socket.socket()))
            hole.bind(("127.0.0.1", 0))
            hole.listen(0)
            for _ in range(4):
                filler = opened.enter_context(closing(socket.socket()))
                filler.setblocking(False)
                filler.connect_ex(hole.getsockname())
            self._opened = opened.pop_all()
            return f"https://127.0.0.1:{hole.getsockname()[1]}"

    def __exit__(self, *_):
        self._opened.close()
