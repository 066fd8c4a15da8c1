"""What stands in a remote cache: where an entry lies, and the value in it with the proof of who wrote it.

An entry is an `ActionResult` of the Remote Execution API with the value as its standard output (build/bazel/remote/
execution/v2/remote_execution.proto), since servers such as bazel-remote take nothing else under `/ac/`: inlined (field
5), or, where it is large, by the digest (field 6) of what lies under `/cas/`. Values are compressed with Zstandard.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FORMAT = b"pyfmt2"
_STDOUT_RAW, _STDOUT_DIGEST = 0x2A, 0x32  # fields 5 and 6: a length and as many bytes
_HASH, _SIZE = 0x0A, 0x10  # of a digest: 64 hexadecimal digits, and a number
INLINED = 128 * 1024  # bytes of a value at most; a larger one lies under `/cas/`
LARGEST = 256 * 1024 * 1024  # bytes of a value; more can only be an attack or damage


class NotVerified(Exception):
    """An entry was not written by whom it must come from."""


def entry_name(namespace: str, key: bytes) -> str:
    """The SHA-256 under which a namespace's value of a key lies."""
    return hashlib.sha256(b"%b\0%b\0%b" % (_FORMAT, namespace.encode(), key)).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """What entries of the trusted namespace are signed and verified with; without any they are neither."""

    secret: bytes = b""  # HMAC-SHA256: who can read can write
    private: Ed25519PrivateKey | None = None
    public: Ed25519PublicKey | None = None  # whoever has this alone can read, not write

    @property
    def verifies(self) -> bool:
        return bool(self.secret or self.public)

    @property
    def signs(self) -> bool:
        return bool(self.secret or self.private)

    @property
    def believed(self) -> bytes:
        """Differs where other writers are believed."""
        return self.public.public_bytes_raw() if self.public is not None else hashlib.sha256(self.secret).digest()

    @classmethod
    def of(cls, key: str, public: str) -> Keys:
        """From `hmac:SECRET` or `ed25519:BASE64` (32 bytes), and a public key in the latter form; "" for none.

        Raises ValueError for anything else, and where `cryptography` is missing for ed25519.
        """
        kind, _, text = key.partition(":")
        if kind == "hmac" and len(text) >= 16:
            return cls(secret=text.encode())
        if key and kind != "ed25519":
            raise ValueError("must be hmac:SECRET of at least 16 characters, or ed25519:BASE64")
        if not key and not public:
            return cls()
        try:
            from cryptography.hazmat.primitives.asymmetric import ed25519  # deferred: only with such keys
        except ImportError as error:
            raise ValueError("needs cryptography: pip install 'pyfmt-monorepo[remote]'") from error
        private = ed25519.Ed25519PrivateKey.from_private_bytes(_bytes(text)) if key else None
        if public:
            return cls(b"", private, ed25519.Ed25519PublicKey.from_public_bytes(_bytes(public.partition(":")[2])))
        return cls(b"", private, private.public_key() if private else None)


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("is not base64") from error
    if len(found) != 32:
        raise ValueError(f"must be 32 bytes, not {len(found)}")
    return found


def pack(namespace: str, key: bytes, value: bytes, keys: Keys) -> bytes:
    """A value as it is sent; signed where there is a key to sign with."""
    data: bytes = zstd().compress(value)
    what = _signed(namespace, key, data)
    if keys.private is not None:
        proof = b"e" + keys.private.sign(what)
    elif keys.secret:
        proof = b"h" + hmac.digest(keys.secret, what, "sha256")
    else:
        proof = b"-" + hashlib.sha256(what).digest()  # against damage alone
    return _FORMAT + bytes([len(proof)]) + proof + data


def unpack(namespace: str, key: bytes, body: bytes, keys: Keys, must_verify: bool) -> bytes:
    """The value of what was sent; raises ValueError for damage, NotVerified for what somebody else wrote."""
    if not body.startswith(_FORMAT):
        raise ValueError("no entry of pyfmt's")
    length = body[len(_FORMAT)]
    start = len(_FORMAT) + 1 + length
    proof, data = body[len(_FORMAT) + 1 : start], body[start:]
    if not _proves(proof[:1], proof[1:], _signed(namespace, key, data), keys, must_verify):
        raise NotVerified
    unpacking = zstd().ZstdDecompressor()
    try:
        value: bytes = unpacking.decompress(data, LARGEST)
    except zstd().ZstdError as error:
        raise ValueError(str(error)) from error
    if not unpacking.eof:
        raise ValueError("is cut, or too large")
    return value


def zstd() -> Any:
    """Python's `compression.zstd`, or its backport; raises ImportError where neither is there."""
    return importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


def _proves(kind: bytes, proof: bytes, what: bytes, keys: Keys, must_verify: bool) -> bool:
    if kind == b"h":
        return bool(keys.secret) and hmac.compare_digest(proof, hmac.digest(keys.secret, what, "sha256"))
    if kind == b"e":
        if keys.public is None:
            return False
        from cryptography.exceptions import InvalidSignature  # deferred: only with such keys

        try:
            keys.public.verify(proof, what)
        except InvalidSignature:
            return False
        return True
    return not must_verify and kind == b"-" and hmac.compare_digest(proof, hashlib.sha256(what).digest())


def _signed(namespace: str, key: bytes, data: bytes) -> bytes:
    """What a proof is about: also where the entry lies, so that it proves nothing in another place."""
    return b"%b\0%b\0%b\0%b" % (_FORMAT, namespace.encode(), key, hashlib.sha256(data).digest())


def inlined(body: bytes) -> bytes:
    """An entry that holds its value."""
    return bytes([_STDOUT_RAW]) + _varint(len(body)) + body


def referring(blob: str, size: int) -> bytes:
    """An entry whose value, of so many bytes, lies under `/cas/` by its SHA-256."""
    digest = bytes([_HASH, len(blob)]) + blob.encode() + bytes([_SIZE]) + _varint(size)
    return bytes([_STDOUT_DIGEST, len(digest)]) + digest


def body_of(entry: bytes, blob: Callable[[str], bytes | None]) -> bytes | None:
    """What an entry holds, or what `blob` has by the SHA-256 that it names; None where that is gone.

    Raises ValueError for any other message, and for a blob that is not what it is called.
    """
    kind, body = entry[:1], _delimited(entry)
    if kind == bytes([_STDOUT_RAW]):
        return body
    if kind != bytes([_STDOUT_DIGEST]) or body[:1] != bytes([_HASH]):
        raise ValueError("no entry of pyfmt's")
    name = body[2 : 2 + body[1]]
    found = blob(name.decode("ascii")) if len(name) == 64 and name.isalnum() else b""
    if found is not None and hashlib.sha256(found).hexdigest().encode() != name:
        raise ValueError("is damaged")
    return found


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _delimited(entry: bytes) -> bytes:
    """What follows a field's number and its length, which is all that an entry has; ValueError where it is cut."""
    length = 0
    for place, byte in enumerate(entry[1:6]):
        length |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            body = entry[place + 2 :]
            if len(body) != length:
                raise ValueError("is cut")
            return body
    raise ValueError("no entry of pyfmt's")
