"""An entry proves who wrote it and where it belongs; anything else is refused."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from pyfmt.cache.remote import entries
from pyfmt.cache.remote.entries import Keys, NotVerified, body_of, inlined, pack, referring, unpack

KEY = os.urandom(32)
PRIVATE = Ed25519PrivateKey.generate()
SIGNING = "ed25519:" + base64.b64encode(PRIVATE.private_bytes_raw()).decode()
PUBLIC = "ed25519:" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
SECRET = Keys.of("hmac:0123456789abcdef", "")
PAIRS = [(SECRET, SECRET), (Keys.of(SIGNING, ""), Keys.of("", PUBLIC)), (Keys(), Keys())]


@given(st.binary(max_size=400), st.sampled_from(PAIRS))
def test_a_value_comes_back(value: bytes, pair: tuple[Keys, Keys]) -> None:
    writer, reader = pair
    assert unpack("main", KEY, pack("main", KEY, value, writer), reader, reader.verifies) == value


@pytest.mark.parametrize("writer, reader", PAIRS[:2])
def test_an_entry_proves_nothing_in_another_place_or_with_another_value(writer: Keys, reader: Keys) -> None:
    entry = pack("main", KEY, b"red", writer)
    for namespace, key in (("pr", KEY), ("main", os.urandom(32))):
        with pytest.raises(NotVerified):
            unpack(namespace, key, entry, reader, True)
    for number in range(len(entry)):
        changed = bytearray(entry)
        changed[number] ^= 1
        with pytest.raises((NotVerified, ValueError)):
            unpack("main", KEY, bytes(changed), reader, True)


@pytest.mark.parametrize("reader", [SECRET, Keys.of("", PUBLIC)])
def test_who_has_no_key_or_another_one_is_not_believed(reader: Keys) -> None:
    other = Ed25519PrivateKey.generate()
    for writer in (Keys(), Keys(private=other, public=other.public_key()), Keys(secret=b"another secret of 16")):
        with pytest.raises(NotVerified):
            unpack("main", KEY, pack("main", KEY, b"green", writer), reader, True)


@given(st.binary(max_size=100), st.integers(0, 50))
def test_garbage_and_cut_entries_are_refused_in_one_way(garbage: bytes, length: int) -> None:
    for entry in (garbage, pack("main", KEY, b"value", Keys())[:length]):
        with pytest.raises((ValueError, IndexError, NotVerified)):
            unpack("main", KEY, entry, Keys(), False)


def test_a_value_that_unpacks_to_more_than_anybody_sends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LARGEST", 1000)
    with pytest.raises(ValueError, match="too large"):
        unpack("main", KEY, pack("main", KEY, b"0" * 100_000, Keys()), Keys(), False)


@pytest.mark.parametrize(
    "key, public", [("hmac:short", ""), ("rsa:x", ""), ("ed25519:x", ""), ("ed25519:AAAA", ""), ("", "ed25519:=")]
)
def test_a_key_that_is_none_is_an_error(key: str, public: str) -> None:
    with pytest.raises(ValueError):
        Keys.of(key, public)


@example(b"\x2a\x00")
@given(st.binary(max_size=100))
def test_garbage_in_the_place_of_an_entry_is_refused_unless_it_happens_to_be_one(garbage: bytes) -> None:
    for entry in (garbage, b"\x2a" + garbage, b"\x32" + garbage):
        try:
            body = body_of(entry, lambda _: b"green")
        except (ValueError, IndexError):
            continue
        assert fields(entry) == {5: body}


@pytest.mark.parametrize("size", [0, 1, 127, 128, 70_000])
def test_an_entry_is_the_message_that_servers_check(size: int) -> None:
    """`ActionResult` with `stdout_raw` (5), or with `stdout_digest` (6), whose fields are a hash and a size."""
    body = os.urandom(size)
    name = hashlib.sha256(body).hexdigest()
    assert fields(inlined(body)) == {5: body}
    digest = fields(referring(name, len(body)))[6]
    assert isinstance(digest, bytes) and fields(digest) == {1: name.encode(), 2: size}
    for entry in (inlined(body), referring(name, size)):
        with pytest.raises(ValueError):
            body_of(entry[:-1], none)
    assert body_of(inlined(body), none) == body
    assert body_of(referring(name, size), {name: body}.get) == body
    assert body_of(referring(name, size), none) is None, "a server may drop it before the entry"
    with pytest.raises(ValueError):
        body_of(referring(name, size), {name: body + b"x"}.get)


def none(_: str) -> bytes | None:
    """A server without any blob."""
    return None


def fields(message: bytes) -> dict[int, bytes | int]:
    """The fields of a message as protobuf's page on encoding reads them
    (https://protobuf.dev/programming-guides/encoding)."""
    found: dict[int, bytes | int] = {}
    rest = list(message)

    def varint() -> int:
        number = shift = 0
        while True:
            byte = rest.pop(0)
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number

    while rest:
        tag = varint()
        if tag & 7 == 2:
            length = varint()
            found[tag >> 3] = bytes(rest[:length])
            del rest[:length]
        else:
            assert tag & 7 == 0
            found[tag >> 3] = varint()
    return found
