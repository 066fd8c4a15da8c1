"""The remote cache of a run: reads what is missing here, and sends at the end what was learnt."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from pyfmt.cache.remote.entries import INLINED, Keys, NotVerified, body_of, entry_name, inlined, pack, referring, unpack
from pyfmt.cache.remote.transports import CONNECTIONS, Transport, Unreachable

TRUSTED = "main"  # the namespace that everybody reads and whose entries must be signed, where there is a key
LONGEST_WAIT = 2.0  # seconds that a run waits at its end; what is not sent by then is sent by the next one

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(slots=True)
class Traffic:
    """What went over the wire in one run."""

    hits: int = 0
    misses: int = 0
    received: int = 0  # bytes, as sent are
    sent: int = 0
    entries_sent: int = 0
    refused: int = 0  # entries that did not verify, or were damaged
    seconds: float = 0.0  # that the run waited for answers
    latencies: list[float] = field(default_factory=list)  # seconds of each answer

    @property
    def latency(self) -> float:
        """Seconds, the median."""
        return sorted(self.latencies)[len(self.latencies) // 2] if self.latencies else 0.0


class Remote:
    """Reads the trusted namespace and the run's own; writes into its own alone.

    Nothing here raises for what the other side does: after the first failure it is left alone, and `note` says why.
    """

    def __init__(self, url: str, carrier: Callable[[], Transport], namespace: str, keys: Keys) -> None:
        self._url = _plain(url)
        self._namespace = namespace
        self._keys = keys
        self.reason = ""  # why it is not used, or not any more
        self.traffic = Traffic()
        self.unsent: dict[bytes, bytes] = {}
        try:
            self._carrier = carrier()
        except Unreachable as error:
            self.reason = str(error)

    @classmethod
    def refused(cls, url: str, reason: str) -> Remote:
        """One that is not used, and says why."""

        def carrier() -> Transport:
            raise Unreachable(reason)

        return cls(url, carrier, TRUSTED, Keys())

    @property
    def group(self) -> str:
        """Differs where other writers are believed: what one of them wrote must not become a hit of the others, or be
        signed by them."""
        who = self._keys.believed.hex() if self._keys.verifies else ""
        return hashlib.sha256(f"{self._namespace}\0{who}".encode()).hexdigest()[:16]

    @property
    def note(self) -> str:
        """What a person should know of it, one line; "" for nothing."""
        if self.reason:
            return f"the remote cache {self._url} is not used: {self.reason}"
        if self.traffic.refused:
            count = self.traffic.refused
            return f"the remote cache {self._url}: {count} entr{'y' if count == 1 else 'ies'} not verified, not used"
        return ""

    @property
    def speaks_for_all(self) -> bool:
        """Whether what it writes is signed, and read by everybody."""
        return self._namespace == TRUSTED and self._keys.signs

    def fetch(self, keys: Iterable[bytes], *, signed: bool = False) -> dict[bytes, bytes]:
        """The values of those keys that are there and can be trusted; of the `signed` ones alone, also by runs that
        believe others."""
        wanted = list(keys)
        if self.reason or not wanted or (signed and not self._keys.verifies):
            return {}
        namespaces = (TRUSTED,) if signed else tuple(dict.fromkeys((self._namespace, TRUSTED)))
        began = time.monotonic()
        found_of = _together(lambda key: self._fetch(key, namespaces), wanted, None)
        values = dict(zip(wanted, found_of, strict=True))
        found = {key: value for key, value in values.items() if value is not None}
        self.traffic.hits += len(found)
        self.traffic.misses += len(wanted) - len(found)
        self.traffic.seconds += time.monotonic() - began
        return found

    def _fetch(self, key: bytes, namespaces: Iterable[str]) -> bytes | None:
        for namespace in namespaces:
            must_verify = self._keys.verifies and namespace == TRUSTED
            try:
                body = self._read(entry_name(namespace, key))
                if body is not None:
                    return unpack(namespace, key, body, self._keys, must_verify)
            except Unreachable as error:
                self.reason = self.reason or str(error)
            except (ValueError, IndexError, NotVerified):
                self.traffic.refused += 1
        return None

    def _read(self, name: str) -> bytes | None:
        entry = self._get(f"ac/{name}")
        return None if entry is None else body_of(entry, lambda blob: self._get(f"cas/{blob}"))

    def _get(self, place: str) -> bytes | None:
        if self.reason:
            return None
        began = time.monotonic()
        data = self._carrier.get(place)
        self.traffic.latencies.append(time.monotonic() - began)
        self.traffic.received += len(data or b"")
        return data

    def send_later(self, values: Mapping[bytes, bytes]) -> None:
        """Note values for `flush`; nobody may write what nobody could verify."""
        if self._namespace != TRUSTED or self._keys.signs or not self._keys.verifies:
            self.unsent.update(values)

    def flush(self, seconds: float | None = LONGEST_WAIT) -> list[bytes]:
        """Send what was noted, for at most so many seconds (None: until it is done); the keys that were not sent."""
        deadline = None if seconds is None else time.monotonic() + seconds
        todo = list(self.unsent.items())

        def send(item: tuple[bytes, bytes]) -> None:
            key, value = item
            if self.reason or (deadline is not None and time.monotonic() > deadline):
                return
            body = pack(self._namespace, key, value, self._keys)
            try:
                self._write(entry_name(self._namespace, key), body)
            except Unreachable as error:
                self.reason = self.reason or str(error)
                return
            self.traffic.sent += len(body)
            self.traffic.entries_sent += 1
            del self.unsent[key]

        _together(send, todo, seconds)
        return list(self.unsent)

    def _write(self, name: str, body: bytes) -> None:
        entry = inlined(body)
        if len(body) > INLINED:
            blob = hashlib.sha256(body).hexdigest()
            self._carrier.put(f"cas/{blob}", body)  # first: a server may refuse an entry whose value it lacks
            entry = referring(blob, len(body))
        self._carrier.put(f"ac/{name}", entry)


def _plain(url: str) -> str:
    """A URL without user and password."""
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else url


def _together(function: Callable[[_In], _Out], items: Sequence[_In], seconds: float | None) -> list[_Out | None]:
    """The results of a call for each item, by some threads; None for one that was not done in so many seconds.

    The threads of a call without a limit are gone at its end, so that what comes next may fork. Of one with a limit
    they are daemons: a slow answer keeps no process from ending.
    """
    results: list[_Out | None] = [None] * len(items)
    todo = iter(range(len(items)))
    failures: list[BaseException] = []

    def work() -> None:
        for number in todo:  # a range's iterator is one step of CPython's: no two threads get the same
            try:
                results[number] = function(items[number])
            except BaseException as error:  # pylint: disable=broad-exception-caught  # raised below
                failures.append(error)
                return

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(CONNECTIONS, len(items)))]
    deadline = None if seconds is None else time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
    if failures:
        raise failures[0]
    return results
