"""Many people at once: list reads at a fixed rate, users who act, event streams that are held."""

import json
import secrets
import subprocess
import time
from contextlib import closing

from parts import tree
from parts.person import Person
from parts.processes import Talker, cpu_of, memory_of
from parts.records import lists_of, synced
from parts.words import Failed, step

CONNECTIONS = 32
USERS = 500
ACTS_EACH = 5  # Seconds from one act of a user to the next.
STREAMS = 2_000
STREAMS_SETTLED = 1
# Signing in so many at once is not what is measured here.
EASY_SIGN_IN = ("sign_in.hash_memory_mib = 8",)


def get(url):
    return {"method": "GET", "url": url, "body": ""}


def reads(results, hedgerow, fabric, size, rate, seconds):
    """So many list reads a second, whether the server keeps up or not."""
    base = hedgerow.url
    addresses = [base + address for address in lists_of(fabric, size)[:4]]
    addresses += [f"{base}/api/fabrics/?limit=50", f"{base}/api/fabrics/{fabric}/runs/?limit=20"]
    with step(f"{rate:,} list reads a second"):
        results.values[f"reads {rate}"] = put(hedgerow, [hedgerow.person("operator").session],
                                              [get(address) for address in addresses], rate, seconds)


def put(hedgerow, sessions, requests, rate, seconds):
    wish = {"sessions": sessions, "requests": requests, "rate": rate, "seconds": seconds, "connections": CONNECTIONS}
    cpu = cpu_of(hedgerow.pid)
    done = subprocess.run([str(tree.LOAD)], input=json.dumps(wish), capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"load: {done.stderr.strip()}")
    return {**json.loads(done.stdout), "cpu": cpu_of(hedgerow.pid) - cpu, "seconds": seconds}


def crowd(results, template, place, seconds):
    """Users who read and click, and before them as many streams as their browsers would hold, and more."""
    hedgerow, fabric = synced(template, place, "crowd", EASY_SIGN_IN)
    try:
        with step(f"{USERS} users sign in"):
            sessions = [signed_in(hedgerow, number) for number in range(USERS)]
        with step(f"{STREAMS:,} event streams"):
            results.values["streams"] = streams(hedgerow, sessions)
        with step(f"{USERS} users act"):
            results.values["acts"] = put(hedgerow, sessions, acts(hedgerow, fabric), USERS // ACTS_EACH, seconds)
    finally:
        hedgerow.stop()


def signed_in(hedgerow, number):
    name, password = f"user-{number:03}", secrets.token_urlsafe(18)
    hedgerow.person("administrator").must(
        "POST", "/api/users/", {"username": name, "password": password, "role": "operator"})
    # Each at a desk of their own: one address may try only so often.
    with closing(Person(hedgerow.url, f"127.0.{1 + number // 200}.{1 + number % 200}")) as person:
        return person.sign_in(name, password).session


def acts(hedgerow, fabric):
    """What a page asks for while somebody looks around, and one click in ten."""
    base = f"{hedgerow.url}/api/fabrics/{fabric}"
    pages = [f"{hedgerow.url}/api/fabrics/?limit=50", f"{base}/", f"{base}/kinds/", f"{base}/runs/?limit=20",
             f"{base}/objects/?limit=50", f"{base}/objects/?limit=50&ordering=-changed",
             f"{base}/objects/?limit=50&kind=Connection", f"{base}/objects/?limit=50&q=leaf-01",
             f"{hedgerow.url}/api/runs/?limit=20"]
    return [*map(get, pages), {"method": "POST", "url": f"{base}/runs/", "body": '{"operation": "pull"}'}]


def streams(hedgerow, sessions):
    before, _ = memory_of(hedgerow.pid)
    wish = {"sessions": sessions, "stream": f"{hedgerow.url}/api/events/", "count": STREAMS}
    holding = Talker([tree.LOAD], tree.SCRATCH / "streams.err", wish)
    time.sleep(STREAMS_SETTLED)
    after, _ = memory_of(hedgerow.pid)
    held = json.loads(holding.stop())
    return {**holding.report, **held, "memory": after - before, "lost": STREAMS - held["alive"]}
