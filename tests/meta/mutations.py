"""Messages made wrong: a right one with its bytes, its line or an .npy header changed, or two of them spliced."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

RECORD = re.compile(rb"\x93NUMPY\x01\x00(..)(\{[^\n]*\n)", re.DOTALL)
NUMBERS = ("0", "1", "-1", "2", "3", "007", "2.5", "1e3", "nan", "inf", "-inf", "1e999", "0x10", "9" * 19, "9" * 400)
TEXTS = (
    "",
    "%",
    "%zz",
    "%0",
    "%00",
    "%0a",
    "%20",
    "%25",
    "%2C",
    "%ff%fe",
    "=",
    "a=b",
    "café",
    "🎈",
    "\0",
    "\x1b[2J",
    "\r",
)
WORDS = ("relu", "affine", "gradient", "train", "sgd", "float32", "x", "W1", "t", "x,x", "x,", ",", "x,dout", "arrays")
LONG = ("a" * 5000, "a" * 70_000, ",".join(map(str, range(12_000))), "%41" * 20_000, "1," * 30_000)
SIZES = (
    "0",
    "1",
    "2",
    "3",
    "-1",
    "True",
    "2.0",
    "None",
    "1_0",
    str(10**8),
    str(2**31),
    str(2**60),
    str(2**64),
    "9" * 30,
)
DESCRS = (
    "'<f8'",
    "'<f4'",
    "'<i4'",
    "'|u1'",
    "'>f8'",
    "'|O'",
    "'<f2'",
    "'<U9'",
    "'f8'",
    "[('a', '<f8')]",
    "'|V9999'",
    "8",
)
ORDERS = ("True", "False", "0", "None", "'True'", "")
SHAPES = (
    "()",
    "(())",
    "((1,), 2)",
    "(1)",
    "1",
    "[2, 3]",
    "(1, 2, 3)",
    "(1,,)",
    "(,)",
    "(2, 3",
    "2, 3)",
    "(2 3)",
    "(2L, 3L)",
)
ODD = ("(" * 500, "(" * 90 + ")" * 90, "-" * 3000, "(" + "1, " * 900 + ")", "(" + " " * 3000 + ")", "{1: 2}", "é", "\0")
TAILS = (", }", "}", ", ", ", 'more': 1}")


def mutate(rng: random.Random, corpus: list[bytes]) -> bytes:
    """One of the messages with one to four changes."""
    data = rng.choice(corpus)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(MUTATIONS)(rng, data, corpus)
    return data


def flip(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A few bits."""
    changed = bytearray(data)
    for _bit in range(rng.choice((1, 1, 2, 8)) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def insert(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """Bytes that were not there."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((rng.randbytes(rng.choice((1, 2, 9, 300))), b"\n", b" ", b"=", b"\0")) + data[at:]


def delete(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A run of bytes."""
    at, count = rng.randrange(len(data) + 1), rng.choice((1, 2, 8, 60))
    return data[:at] + data[at + count :]


def duplicate(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A run of bytes, or many times."""
    at, count = rng.randrange(len(data) + 1), rng.choice((1, 2, 8, 60))
    return data[:at] + data[at : at + count] * rng.choice((2, 2, 3, 1000)) + data[at + count :]


def truncate(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def splice(rng: random.Random, data: bytes, corpus: list[bytes]) -> bytes:
    """The beginning of one message and the end of another."""
    other = rng.choice(corpus)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def follow(rng: random.Random, data: bytes, corpus: list[bytes]) -> bytes:
    """Another message follows, twice the same perhaps."""
    return data + rng.choice((data, rng.choice(corpus)))


def change_field(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A field's value, a number or a text, may it be long."""
    words, rest = _line(data)
    at = rng.randrange(len(words))
    key = words[at].partition("=")[0]
    value = rng.choice(rng.choice((NUMBERS, TEXTS, WORDS, WORDS, LONG)))
    words[at] = rng.choice((f"{key}={value}", f"{key}={value}", value, f"{value}={key}"))
    return _join(words) + rest


def move_field(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """A field is missing, comes twice, or elsewhere; or what parts them is something else."""
    words, rest = _line(data)
    at = rng.randrange(len(words))
    match rng.randrange(5):
        case 0:
            del words[at]
        case 1:
            words.insert(rng.randrange(len(words) + 1), words[at])
        case 2:
            rng.shuffle(words)
        case 3:
            words[at] = words[at].replace(",", rng.choice((",,", "", ", ")))
        case _:
            return rng.choice((b"  ", b"\t", b"\n", b"\xc2\xa0")).join(word.encode() for word in words) + b"\r\n" + rest
    return _join(words) + rest


def change_header(rng: random.Random, data: bytes, _: list[bytes]) -> bytes:
    """The dtype, the order or the shape of an array, or the length, the version or the syntax of its header."""
    records = list(RECORD.finditer(data))
    if not records:
        return flip(rng, data, [])
    found = rng.choice(records)
    sizes = "".join(f"{rng.choice(SIZES)}, " for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 40))))
    items = [
        f"'descr': {rng.choice(DESCRS[: rng.choice((1, 4, len(DESCRS)))])}",
        f"'fortran_order': {rng.choice(ORDERS[: rng.choice((2, 2, len(ORDERS)))])}",
        f"'shape': {rng.choice((f'({sizes})', f'({sizes})', rng.choice(SHAPES + ODD)))}",
    ]
    if rng.random() < 0.2:
        rng.shuffle(items)
        del items[rng.choice((1, 2, 3)) :]
    text = "{" + ", ".join(items) + rng.choice(TAILS) + " " * rng.choice((0, 20, 3900)) + "\n"
    header = text.encode("utf-8")
    length = rng.choice((len(header), len(header), len(header), 0, 1, len(header) + 5, 65535)) % 65536
    version = rng.choice((b"\x01\x00", b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x03\x00"))
    size = length.to_bytes(2 if version[0] < 2 else 4, "little")
    if version[0] == 2 and rng.random() < 0.3:
        size = rng.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80"))
    return data[: found.start()] + b"\x93NUMPY" + version + size + header + data[found.end() :]


def _line(data: bytes) -> tuple[list[str], bytes]:
    line, _, rest = data.partition(b"\n")
    return line.decode("utf-8", errors="replace").split(" "), rest


def _join(words: list[str]) -> bytes:
    return " ".join(words).encode() + b"\n"


MUTATIONS: list[Callable[[random.Random, bytes, list[bytes]], bytes]] = [
    flip,
    insert,
    delete,
    duplicate,
    truncate,
    splice,
    follow,
    change_field,
    change_field,
    move_field,
    change_header,
    change_header,
    change_header,
]
