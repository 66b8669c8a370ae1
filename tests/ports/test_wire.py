"""What is written is what is read, bit for bit; what is not a message is refused with one sentence."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any, Literal

import numpy as np
import pytest
from gradparity.ports.wire import MAX_HEADER, MAX_LINE, Message, WireError, decode, encode
from gradparity.serve import Pipe
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_.]{0,11}", fullmatch=True)
words = st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True)
arrays = hnp.arrays(
    dtype=st.sampled_from([np.float64, np.float32, np.int32]),
    shape=hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=9),
)
messages = st.builds(
    Message,
    words,
    st.dictionaries(words.filter(lambda key: key != "arrays"), st.text(max_size=30), max_size=4),
    st.dictionaries(names, arrays, max_size=4),
)


def sent(message: Message) -> bytes:
    return b"".join(bytes(piece) for piece in encode(message))


def read(data: bytes, **limits: int) -> Message | None:
    return decode(Pipe(io.BytesIO(data)), **limits)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@given(messages)
@example(Message("ok", {"message": "100 % of\nthe \x00 café 🎈"}, {"x": np.array(np.nan)}))
def test_round_trip(message: Message) -> None:
    came = read(sent(message))
    assert came is not None
    assert (came.word, came.fields) == (message.word, message.fields)
    assert list(came.arrays) == list(message.arrays)
    assert all(same(came.arrays[name], array) for name, array in message.arrays.items())


@given(st.lists(messages, max_size=4))
def test_messages_follow_one_another(several: list[Message]) -> None:
    pipe = Pipe(io.BytesIO(b"".join(map(sent, several))))
    assert [message.word for message in iter(lambda: decode(pipe), None)] == [m.word for m in several]


@given(hnp.arrays(np.float64, (5, 7)))
def test_any_memory_layout_travels(x: np.ndarray) -> None:
    for layout in (x, np.asfortranarray(x), x[::2], x[:, ::3], x[::-1], x.T):
        came = read(sent(Message("ok", {}, {"x": layout})))
        assert came is not None
        assert same(came.arrays["x"], layout)
        if layout.flags.f_contiguous:
            assert came.arrays["x"].flags.f_contiguous, "a Fortran-ordered array is sent as it is"


@given(x=hnp.arrays(st.sampled_from([np.float64, np.float32, np.int32]), st.sampled_from([(), (3,), (2, 3)])))
def test_the_record_is_numpys_own(x: np.ndarray) -> None:
    _, npy = sent(Message("ok", {}, {"x": x})).split(b"\n", 1)
    assert same(np.load(io.BytesIO(npy)), x)
    for version in ((1, 0), (2, 0)):
        record = io.BytesIO()
        np.lib.format.write_array(record, x, version=version)
        came = read(b"ok arrays=x\n" + record.getvalue())
        assert came is not None
        assert same(came.arrays["x"], x)


@given(message=messages.filter(lambda m: sum(a.nbytes for a in m.arrays.values()) > 0), data=st.data())
def test_a_truncated_message_is_refused(message: Message, data: st.DataObject) -> None:
    whole = sent(message)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(WireError, match="expected"):
        read(whole[:cut])


@given(message=messages, data=st.data())
def test_a_damaged_message_never_gives_anything_but_a_message_or_a_wire_error(
    message: Message, data: st.DataObject
) -> None:
    damaged = bytearray(sent(message))
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WireError):
        came = read(bytes(damaged), max_bytes=1 << 20)
        assert came is None or isinstance(came, Message)


@given(st.binary(max_size=300))
def test_garbage_is_refused(garbage: bytes) -> None:
    try:
        came = read(garbage, max_bytes=1 << 20)
    except WireError:
        return
    assert came is None or garbage.split(b"\n")[0].decode().startswith(came.word)


def test_the_end_of_the_stream_is_no_message() -> None:
    assert read(b"") is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"ok a=1 a=2\n", "expected each field once"),
        (b"ok  a=1\n", "expected each field once, as key=value, came ''"),
        (b"ok a\n", "came 'a' at byte 3 of the line"),
        (b"ok a=1 b=2 a=1\n", "came 'a=1' at byte 11 of the line"),
        (b"Hello, world\n", "is something else printed to stdout?"),
        (b"ok arrays=x\nloss is 0.25\n", "is something else printed to stdout?"),
        (b"ok arrays=x\n\x00\x01234567890", "has the array before it as many bytes as its header says?"),
        (b"ok arrays=x\n\x00\x01234567890", "its record begins at byte 12 of the message 'ok arrays=x\\n'"),
        (b"ok \xff\n", "none at byte 3"),
        (b"ok arrays=x,x\n", "a name of its own"),
        (b"ok arrays=\n", "a name of its own"),
        (b"ok arrays=x%20y\n", "a name of its own"),
        (b"ok\r\n", "expected a line 'word key=value ...'"),
        (b"\xff\xfe\n", "UTF-8"),
        (b"o" * (MAX_LINE + 1), f"expected a line of at most {MAX_LINE} bytes"),
        (b"ok arrays=x\nnpy", "array"),
        (b"ok arrays=x\n\x93NUMPY\x03\x00\x01\x00\n", "expected an .npy record"),
        (b"ok arrays=x\n\x93NUMPY\x01\x00\xff\xff", f"at most {MAX_HEADER} bytes"),
    ],
)
def test_what_is_refused_and_why(data: bytes, words: str) -> None:
    with pytest.raises(WireError, match="expected") as caught:
        read(data)
    assert words in str(caught.value)


@pytest.mark.parametrize("dtype", [object, np.int64, np.float16, np.complex128, np.bool_, ">f8", "U3"])
def test_no_other_dtype_is_sent_or_read(dtype: Any) -> None:
    x = np.zeros(2, dtype)
    with pytest.raises(WireError, match="cannot travel"):
        encode(Message("ok", {}, {"x": x}))
    record = io.BytesIO()
    np.save(record, x, allow_pickle=True)
    with pytest.raises(WireError, match="expected dtype float64, float32, int32 or uint8"):
        read(b"ok arrays=x\n" + record.getvalue())


@pytest.mark.parametrize(
    "shape",
    ["(True,)", "(2.0,)", "(-1,)", "(2L,)", "(1)", "[1]", "((1,),)", "(1,,)", "", "(" * 900, "(2\x1f,)", "(2\xa0,)"],
)
def test_a_shape_is_a_tuple_of_sizes(shape: str) -> None:
    with pytest.raises(WireError, match="array x: not a valid .npy header"):
        read(announced(shape))


@pytest.mark.parametrize("shape", [f"({2**63}, 0)", f"(0, {2**64})"])
def test_no_data_of_a_size_beyond_all_measure_is_refused(shape: str) -> None:
    with pytest.raises(WireError, match="array x: no memory for shape"):
        read(announced(shape))


@pytest.mark.parametrize("text", [" " * 3900, "(" + " " * 3900, "-" * 3900, "(" + "1, " * 1300, "{" * 3900, "}" * 3900])
def test_a_header_that_is_hard_to_read_is_refused(text: str) -> None:
    """It ends: an expression that goes back and forth in it would not."""
    with pytest.raises(WireError, match="not a valid .npy header"):
        read(announced(text))


def announced(shape: str) -> bytes:
    """The beginning of a message with an array of this shape."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"ok arrays=x\n\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a%20b", "a\nb"])
def test_a_name_that_would_break_the_line_is_not_sent(name: str) -> None:
    with pytest.raises(WireError, match="cannot travel"):
        encode(Message("ok", {}, {name: np.zeros(2)}))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 1, 3, 2), (0, 2, 2), (1,) * 32])
def test_any_number_of_dimensions_goes_there_and_back(shape: tuple[int, ...], order: Literal["C", "F"]) -> None:
    array = np.asarray(np.arange(np.prod(shape), dtype="<f8").reshape(shape), order=order)
    message = read(sent(Message("ok", {}, {"x": array})))
    assert message
    came = message.arrays["x"]
    assert came.shape == shape
    assert np.array_equal(came, array)
    assert came.flags.c_contiguous == array.flags.c_contiguous


def test_more_dimensions_than_every_numpy_has_are_refused() -> None:
    header = str({"descr": "<f8", "fortran_order": False, "shape": (1,) * 33}).encode()
    with pytest.raises(WireError, match="at most 32 dimensions"):
        read(b"ok arrays=x\n\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


def test_more_than_was_asked_for_is_refused_before_memory_is_taken() -> None:
    header = str({"descr": "<f8", "fortran_order": False, "shape": (2**60, 2**60)}).encode()
    with pytest.raises(WireError, match="expected at most 80 bytes of data, came shape"):
        read(b"ok arrays=x\n\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header, max_bytes=80)
    several = sent(Message("ok", {}, {name: np.zeros(6) for name in "ab"}))
    with pytest.raises(WireError, match="array b: expected at most 32 bytes"):
        read(several, max_bytes=80)
