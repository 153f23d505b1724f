"""What a program has read, however it keeps it: compared before its time counts."""

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

from parts.words import Failed


@dataclass(frozen=True)
class Contents:
    """Of all objects: how many, a digest of their names, a digest of what their specs say."""

    count: int
    names: str
    specs: str


def contents_of(rows):
    """From (resource, namespace, name, spec as a value), in any order."""
    names, specs = hashlib.sha256(), hashlib.sha256()
    told = sorted((resource, space, name, canonical(spec)) for resource, space, name, spec in rows)
    for resource, space, name, spec in told:
        identity = f"{resource} {space}/{name}\n".encode()
        names.update(identity)
        specs.update(identity + spec.encode() + b"\n")
    return Contents(len(told), names.hexdigest(), specs.hexdigest())


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def must_agree(program, found, expected):
    if found != expected:
        raise Failed(f"{program} read something else: {found}, not {expected}; its time counts for nothing")


def opened(database):
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, isolation_level=None)


def reading(database):
    return closing(opened(database))


def of_items(items, resource_of):
    for item in items:
        metadata = item["metadata"]
        resource = resource_of[item["apiVersion"], item["kind"]]
        yield resource, metadata.get("namespace", ""), metadata["name"], item.get("spec", {})


def resources(place):
    return {(f"{kind['group']}/{kind['version']}", kind["kind"]): f"{kind['plural']}.{kind['group']}"
            for kind in place.kinds}


def of_answers(place):
    """What was recorded of the API server: what all others must have."""
    answers = place.kinds_file.parent
    wanted = {f"GET {kind['path']}" for kind in place.kinds}
    for said in json.loads((answers / "index.json").read_text()):
        if said["question"] in wanted:
            yield from of_items(json.loads((answers / said["file"]).read_text())["items"], resources(place))


def of_bodies(place, folder):
    for number in range(len(place.kinds)):
        items = json.loads((folder / f"{number}.json").read_text())["items"]
        yield from of_items(items, resources(place))


def of_kubectl(place, file):
    yield from of_items(json.loads(file.read_text())["items"], resources(place))


def of_hedgerow(database):
    with reading(database) as record:
        yield from ((f"{plural}.{group}", space, name, json.loads(document).get("spec", {}))
                    for plural, group, space, name, document in record.execute(
                        "SELECT k.plural, k.group_name, o.namespace, o.name, h.document FROM objects o "
                        "JOIN kinds k ON k.id = o.kind_id JOIN history h ON h.id = (SELECT max(id) FROM history "
                        "WHERE object_id = o.id AND document IS NOT NULL) WHERE o.removed IS NULL"))


def of_r0(place, database):
    resource_of = {kind["path"]: f"{kind['plural']}.{kind['group']}" for kind in place.kinds}
    with reading(database) as record:
        yield from ((resource_of[path], space, name, json.loads(spec))
                    for path, space, name, spec in record.execute("SELECT path, namespace, name, spec FROM objects"))


def of_r1(database):
    with reading(database) as record:
        yield from ((f"{plural}.{group}", space, name, json.loads(spec)) for plural, group, space, name, spec in
                    record.execute('SELECT plural, "group", namespace, name, spec FROM objects'))


class WriteWatch:
    """The pages that a server writes into its database meanwhile, by table and index, read from its write-ahead log.

    Holds a reading transaction: nothing is moved from the log into the file then, so that the log can begin anew once at
    most, before the first of these pages, and hides none.
    """

    def __init__(self, database):
        self._database = database
        self._log = database.with_name(database.name + "-wal")

    def __enter__(self):
        self._reader = opened(self._database)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT count(*) FROM fabrics").fetchone()
        self._before = self._frames()
        self.pages = Counter()
        return self

    def __exit__(self, failure, *_):
        try:
            if failure is None:
                self._tell()
        finally:
            self._reader.close()

    def _tell(self):
        salt, written = self._frames()
        added = Counter(written[len(self._before[1]):] if salt == self._before[0] else written)
        with reading(self._database) as now:
            for name, page in now.execute("SELECT name, pageno FROM dbstat"):
                if page in added:
                    self.pages[name] += added[page]

    def _frames(self):
        """(the log's salt, the page number of each of its frames)"""
        content = self._log.read_bytes() if self._log.is_file() else b""
        if len(content) < 32:
            return b"", []
        size = 24 + int.from_bytes(content[8:12], "big")
        salt = content[16:24]
        pages = []
        for at in range(32, len(content) - size + 1, size):
            if content[at + 8:at + 16] != salt:
                break
            pages.append(int.from_bytes(content[at:at + 4], "big"))
        return salt, pages

    def of_objects(self):
        """Pages of the tables that hold a row or more for each object, their indexes included."""
        return sum(count for name, count in self.pages.items()
                   if name.removeprefix("sqlite_autoindex_").startswith(("objects", "history")))
