"""Messages: one line of text, then the arrays that it announces, each a standard .npy record.

    ok epsilon=0 arrays=loss,dW1\\n <npy of loss> <npy of dW1>

docs/protocol.md is the specification; this module is its Python reading. It works on any pair of objects that can
read exactly n bytes and write bytes, so the harness (sessions with a deadline) and the Python-hosted ports
(plain pipes) share it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import quote, unquote

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_LINE = 65536
MAX_HEADER = 4096
MAX_DIMENSIONS = 32  # as many as every NumPy has
DTYPES = {descr: np.dtype(descr) for descr in ("<f8", "<f4", "<i4", "|u1")}
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n")
_PRINTED = "is something else printed to stdout? That belongs on stderr"
_SAFE = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")
_NAME = re.compile("[^ ,%\0-\x1f\x7f]+")
# ASCII, as \x1f is white space to a regular expression of text, and none to int().
_HEADER = re.compile(r"\s*\{([^()]*)\(((?:\s*[0-9]{1,20}\s*,)+(?:\s*[0-9]{1,20})?\s*|\s*)\)([^()]*)\}\s*", re.ASCII)


class WireError(ValueError):
    """What arrived is not a message of the protocol. Says what was expected and what came."""


@dataclass
class Message:
    """A word (an operation, or the outcome of one), its fields, and its arrays in order."""

    word: str
    fields: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


class Source(Protocol):
    """Where messages are read from."""

    def readline(self, limit: int, /) -> bytes:
        """The bytes up to and including the next newline, at most ``limit`` of them; b"" at the end."""

    def readinto(self, buffer: memoryview, /) -> None:
        """Fill the whole buffer, or raise WireError where the stream ends before."""


def encode(message: Message) -> list[bytes | memoryview]:
    """The message as pieces of bytes to write one after the other; array data is not copied where it is contiguous."""
    words = [message.word, *(f"{key}={quote(str(value), safe=_SAFE)}" for key, value in message.fields.items())]
    if message.arrays:
        words.append("arrays=" + ",".join(message.arrays))
    pieces: list[bytes | memoryview] = [(" ".join(words) + "\n").encode()]
    for name, array in message.arrays.items():
        if not _NAME.fullmatch(name):
            raise WireError(f"an array called {name!r} cannot travel: no space, comma, % or control character can")
        if array.dtype.str not in DTYPES:
            raise WireError(f"an array of dtype {array.dtype} cannot travel: float64, float32, int32 and uint8 can")
        if array.ndim > MAX_DIMENSIONS:
            raise WireError(f"an array of {array.ndim} dimensions cannot travel: one of at most {MAX_DIMENSIONS} can")
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            array = np.ascontiguousarray(array)
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        pieces.append(_header(array.dtype.str, array.shape, fortran))
        pieces.append(_bytes_of(array.T if fortran else array) if array.size else b"")
    return pieces


@lru_cache(maxsize=1024)
def _header(descr: str, shape: tuple[int, ...], fortran: bool) -> bytes:
    header = BytesIO()
    npy.write_array_header_1_0(header, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return header.getvalue()


def decode(source: Source, max_bytes: int = 1 << 33) -> Message | None:
    """The next message, or None at a clean end of the stream.

    ``max_bytes`` bounds the data of all its arrays together: more is refused before memory is taken.
    Raises WireError.
    """
    line = source.readline(MAX_LINE)
    if not line:
        return None
    message, names = _parse_line(line)
    at = len(line)
    for name in names:
        try:
            array, size = _read_array(source, name, max_bytes)
        except WireError as error:
            raise WireError(f"{error} (its record begins at byte {at} of the message {_show(line)})") from None
        max_bytes -= array.nbytes
        at += size
        message.arrays[name] = array
    return message


def _parse_line(line: bytes) -> tuple[Message, list[str]]:
    if not line.endswith(b"\n"):
        what = (
            f"{len(line)} bytes without a newline" if len(line) >= MAX_LINE else "the end of the stream inside a line"
        )
        raise WireError(f"expected a line of at most {MAX_LINE} bytes, came {what}: {_show(line)}")
    try:
        word, *pairs = line[:-1].decode().split(" ")
    except UnicodeDecodeError as error:
        raise WireError(
            f"expected a line of UTF-8 text, came {_show(line)}, which is none at byte {error.start}"
        ) from None
    if not (word.isascii() and word.replace("_", "").isalpha()):
        raise WireError(f"expected a line 'word key=value ...', came {_show(line)}: {_PRINTED}")
    fields: dict[str, str] = {}
    at = len(word) + 1
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (equals and key) or key in fields:
            where = f"at byte {at} of the line {_show(line)}"
            raise WireError(f"expected each field once, as key=value, came {pair!r} {where}")
        fields[key] = value if key == "arrays" else unquote(value)
        at += len(pair.encode()) + 1
    names = fields.pop("arrays").split(",") if "arrays" in fields else []
    if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        raise WireError(f"expected each array to have a name of its own, came {_show(line)}")
    return Message(word, fields), names


def _read_array(source: Source, name: str, max_bytes: int) -> tuple[NDArray[Any], int]:
    """The array, and how many bytes its record has."""
    magic = _read(source, 10)
    if magic[:8] == b"\x93NUMPY\x01\x00":
        length = int.from_bytes(magic[8:10], "little")
    elif magic[:8] == b"\x93NUMPY\x02\x00":
        magic += _read(source, 2)
        length = int.from_bytes(magic[8:12], "little")
    else:
        printed = all(byte in _TEXT for byte in magic)
        why = _PRINTED if printed else "has the array before it as many bytes as its header says?"
        raise WireError(f"array {name}: expected an .npy record, beginning with \\x93NUMPY, came {_show(magic)}: {why}")
    if length > MAX_HEADER:
        raise WireError(f"array {name}: expected an .npy header of at most {MAX_HEADER} bytes, came one of {length}")
    header = _read(source, length)
    parsed = _parse_header(header)
    if parsed is None:
        raise WireError(f"array {name}: not a valid .npy header: {_show(header)}")
    descr, shape, fortran = parsed
    if descr not in DTYPES:
        raise WireError(f"array {name}: expected dtype float64, float32, int32 or uint8 (little-endian), came {descr}")
    if len(shape) > MAX_DIMENSIONS:
        raise WireError(f"array {name}: expected at most {MAX_DIMENSIONS} dimensions, came shape {shape}")
    dtype, count = DTYPES[descr], math.prod(shape)
    if count * dtype.itemsize > max_bytes:
        raise WireError(f"array {name}: expected at most {max_bytes} bytes of data, came shape {shape} of {dtype}")
    try:
        array = np.empty(shape, dtype, order="F" if fortran else "C")
    except (MemoryError, ValueError):  # ValueError: no data, but a size beyond all measure
        raise WireError(f"array {name}: no memory for shape {shape} of {dtype}") from None
    if count:
        source.readinto(_bytes_of(array.T if fortran else array))
    return array, len(magic) + length + array.nbytes


@lru_cache(maxsize=1024)
def _parse_header(header: bytes) -> tuple[str, tuple[int, ...], bool] | None:
    """The dtype, shape and order in ``{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }``; None: no such."""
    found = _HEADER.fullmatch(header.decode("latin-1").replace('"', "'"))
    if found is None:
        return None
    before, sizes, after = found.groups()
    items = [item.partition(":") for item in (before + after).split(",") if item.strip()]
    table = {key.strip(): value.strip() for key, _, value in items}
    fortran = {"True": True, "False": False}.get(table.get("'fortran_order'", ""))
    if len(table) != 3 or table.get("'shape'") != "" or fortran is None or "'descr'" not in table:
        return None
    return table["'descr'"].strip("'"), tuple(int(size) for size in sizes.split(",") if size.strip()), fortran


def _bytes_of(array: NDArray[Any]) -> memoryview:
    """The array's own memory; it must be C-contiguous."""
    return memoryview(array.data).cast("B")


def _read(source: Source, count: int) -> bytes:
    buffer = bytearray(count)
    source.readinto(memoryview(buffer))
    return bytes(buffer)


def _show(data: bytes) -> str:
    return repr(data[:80])[1:] + ("..." if len(data) > 80 else "")
