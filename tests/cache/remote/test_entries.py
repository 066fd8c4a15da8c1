"""An entry proves who wrote it and where it belongs; anything else is refused."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.cache.remote import entries
from pyfmt.cache.remote.entries import Keys, NotVerified, pack, unpack

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
    for entry in (garbage, b"\x2a" + garbage, pack("main", KEY, b"value", Keys())[:length]):
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


def test_an_entry_is_the_message_that_servers_check() -> None:
    """Field 5 of `ActionResult`, length-delimited: read by hand as protobuf's encoding says."""
    entry = pack("main", KEY, os.urandom(300), Keys())
    assert entry[0] >> 3 == 5 and entry[0] & 7 == 2
    length = entry[1] & 0x7F | (entry[2] & 0x7F) << 7
    assert entry[1] & 0x80 and not entry[2] & 0x80 and length == len(entry) - 3
