"""A person's browser, as far as HTTP is concerned: cookies, security token, origin, one kept connection."""

import http.client
import json
import secrets
from urllib.parse import urlsplit

from parts.words import Failed

PATIENCE = 60


class Person:
    def __init__(self, url, source=None):
        """`source`: the address that it comes from."""
        self._address = urlsplit(url)
        self._origin = f"{self._address.scheme}://{self._address.netloc}"
        self._connection = http.client.HTTPConnection(
            self._address.hostname, self._address.port, timeout=PATIENCE, source_address=source and (source, 0))
        self._cookies = {}
        self._csrf = None

    @property
    def cookie(self):
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    @property
    def session(self):
        """What another program needs to act as this person."""
        return {"cookie": self.cookie, "csrf": self._csrf}

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, what the body says)"""
        sent = {"Accept": "application/json", "Origin": self._origin, **(headers or {})}
        if self._cookies:
            sent["Cookie"] = self.cookie
        if self._csrf:
            sent["X-CSRF-Token"] = self._csrf
        content = None
        if body is not None:
            content = json.dumps(body)
            sent["Content-Type"] = "application/json"
        self._connection.request(method, path, content, sent)
        answer = self._connection.getresponse()
        text = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self._cookies[name] = value
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(text) if is_json and text else None

    def must(self, method, path, body=None, headers=None):
        status, _, said = self.ask(method, path, body, headers)
        if status >= 300:
            raise Failed(f"{method} {path}: HTTP {status} {json.dumps(said)[:600]}")
        return said

    def once(self, method, path, body):
        """A wish that is not fulfilled twice."""
        return self.must(method, path, body, {"Idempotency-Key": secrets.token_hex(16)})

    def sign_in(self, username, password):
        self._csrf = self.must("POST", "/api/session/", {"username": username, "password": password})["csrf_token"]
        return self

    def listen(self, topic):
        """What the server says of it from now on, as a page hears it."""
        return Listener(self._address, self.cookie, topic)

    def close(self):
        self._connection.close()


class Listener:
    """An event stream on a connection of its own. It is open, and its first event is behind it."""

    def __init__(self, address, cookie, topic):
        self._connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        self._connection.request("GET", f"/api/events/?topics={topic}",
                                 headers={"Accept": "text/event-stream", "Cookie": cookie})
        self._answer = self._connection.getresponse()
        if self._answer.status != 200:
            raise Failed(f"events of {topic}: HTTP {self._answer.status}")
        self.next()

    def next(self):
        """Returns with the next event; one comes every few seconds, whatever happens."""
        while line := self._answer.readline():
            if not line.strip():
                return
        raise Failed("the event stream ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._answer.close()
        self._connection.close()
