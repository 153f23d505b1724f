"""The two servers that everything reads from: a real API server, and the replay of its answers."""

import json
import re
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from parts import tree
from parts.processes import Talker
from parts.person import PATIENCE
from parts.words import Failed, step

WRITERS = 32
AUDIT_DELAY = 0.05
SEED = 1


@dataclass(frozen=True)
class Place:
    """How a program is told to reach a server, and who counts what reaches it."""

    name: str  # "real" or "replay"
    url: str
    ca_file: Path
    token_file: Path
    kubeconfig: Path
    kinds_file: Path
    paths_file: Path

    def fields(self):
        """As a person types them."""
        return {"server": self.url, "ca": self.ca_file.read_text(), "token": self.token_file.read_text().strip()}

    @property
    def kinds(self):
        return json.loads(self.kinds_file.read_text())


def place_of(name, folder, url, ca_file, token, answers):
    """Writes down what the programs want to read."""
    kinds = json.loads((answers / "kinds.json").read_text())
    place = Place(name, url, Path(ca_file), folder / "token", folder / "kubeconfig", answers / "kinds.json",
                  folder / "paths")
    place.token_file.write_text(token + "\n")
    place.paths_file.write_text("".join(kind["path"] + "\n" for kind in kinds))
    # JSON is YAML.
    place.kubeconfig.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "bench",
        "clusters": [{"name": "bench", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": "reader", "user": {"token": token}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "reader"}}]}))
    return place


def objects_of(size):
    folder = tree.BUILD / "objects" / f"{size}-{tree.identity_of(size)}"
    if not (folder / "whole").is_file():
        tree.must(["rm", "-rf", folder])
        tree.must([tree.BENCH / "objects", size, folder, SEED])
        (folder / "whole").touch()
    return folder


class RealServer:
    """A control plane of tools/cluster that keeps its objects from one bench to the next."""

    def __init__(self, size):
        self.folder = tree.BUILD / "clusters" / f"{size}-{tree.identity_of(size)}"
        self.answers = tree.BUILD / "answers" / f"{size}-{tree.identity_of(size)}"
        loaded = self.folder / "loaded"
        if not loaded.is_file():
            tree.fresh_folder(self.folder)
        with step(f"API server for {size:,}"):
            self._talker = Talker(self._command(loaded.is_file()), tree.SCRATCH / "cluster.err")
        self.report = self._talker.report
        self._audit = Path(self.report["audit_log"])
        self._counts = {"requests": 0, "lists": 0}
        if not loaded.is_file():
            self._load(size)
            loaded.touch()
        self._record(size)
        # Loading filled megabytes of it.
        self._read_up_to = self._audit.stat().st_size

    def _command(self, is_loaded):
        command = [tree.CLUSTER, "start", "--foreground", "--end-with-stdin", "--json", "--dir", self.folder]
        return command if is_loaded else [*command, "--crds", tree.CRDS]

    def _load(self, size):
        objects = objects_of(size)
        with step(f"load {size:,} objects"):
            tree.must([tree.CLUSTER, "load", "--dir", self.folder, "--writers", WRITERS, objects])

    def _token(self):
        found = re.search(r"^\s*token: (\S+)$", Path(self.report["reader_kubeconfig"]).read_text(), re.MULTILINE)
        if not found:
            raise Failed("the reader's kubeconfig has no token")
        return found.group(1)

    def _record(self, size):
        token_file = self.folder / "reader.token"
        token_file.write_text(self._token() + "\n")
        if (self.answers / "index.json").is_file():
            return
        with step(f"record answers for {size:,}"):
            tree.must([tree.REPLAY, "--record", self.report["url"], "--ca", self.report["ca_file"],
                       "--token-file", token_file, "--answers", self.answers])

    def place(self):
        folder = tree.fresh_folder(tree.SCRATCH / "real")
        return place_of("real", folder, self.report["url"], self.report["ca_file"], self._token(), self.answers)

    def counted(self):
        """What the audit log has of the reader so far: requests, and lists of Hedgehog kinds."""
        # A line is written when its answer is out, a moment after the client has it.
        time.sleep(AUDIT_DELAY)
        with open(self._audit, "rb") as log:
            if self._audit.stat().st_size < self._read_up_to:
                self._read_up_to = 0  # It was full, and began anew.
            log.seek(self._read_up_to)
            for line in log:
                self._count(json.loads(line))
            self._read_up_to = log.tell()
        return dict(self._counts)

    def _count(self, said):
        if said["user"].get("username", "").startswith("system:serviceaccount:"):
            group = said.get("objectRef", {}).get("apiGroup", "")
            self._counts["requests"] += 1
            self._counts["lists"] += said["verb"] == "list" and group.endswith(".githedgehog.com")

    def stop(self):
        self._talker.stop()


class ReplayServer:
    def __init__(self, answers, rate=0):
        self._answers = answers
        self._folder = tree.fresh_folder(tree.SCRATCH / f"replay-{rate}")
        self._talker = Talker([tree.REPLAY, "--answers", answers, "--dir", self._folder, "--rate", rate],
                              self._folder / "replay.err")

    def place(self):
        report = self._talker.report
        return place_of("replay", self._folder, report["url"], report["ca_file"], "replayed", self._answers)

    def counted(self):
        report = self._talker.report
        trusted = ssl.create_default_context(cafile=report["ca_file"])
        with urlopen(report["url"] + "/replay/counts", timeout=PATIENCE, context=trusted) as answer:
            return json.load(answer)

    def stop(self):
        self._talker.stop()
