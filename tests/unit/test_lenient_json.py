"""Answers whose texts were cut through a letter are read; what is no JSON is not made one."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.lenient_json import MAX_REPAIRED_BYTES, decode

DECODER = msgspec.json.Decoder()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (rb'{"code":0,"message":"\ud83c"}', "�"),
        (rb'{"code":0,"message":"\uDF89 party"}', "� party"),
        (rb'{"code":0,"message":"\ud83c\ud83c\udf89"}', "�🎉"),
        (rb'{"code":0,"message":"\\ud83c \ud83c"}', "\\ud83c �"),
        (b'{"code":0,"message":"caf\xc3"}', "caf�"),
        (b'{"code":0,"message":"caf\xe9"}', "caf�"),
    ],
)
def test_a_text_that_was_cut_does_not_hide_the_rest(body: bytes, found: str) -> None:
    assert decode(DECODER, body) == {"code": 0, "message": found}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code":0', b'\xff{"code":0}', b"\\ud83c"])
def test_what_is_no_json_stays_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(DECODER, body)


def test_an_answer_that_is_too_large_is_not_repaired() -> None:
    body = b'"%b\xff"' % (b" " * MAX_REPAIRED_BYTES)
    with pytest.raises(ValueError, match=r"."):
        decode(DECODER, body)


def test_a_part_of_an_answer_is_read_as_well() -> None:
    assert decode(DECODER, msgspec.Raw(rb'["\ud83c"]')) == ["�"]


@given(st.text(st.characters(), max_size=20))
def test_every_text_is_read_with_a_mark_for_each_half(text: str) -> None:
    """Python's own decoder keeps halves; this one marks them, and changes nothing else."""
    body = json.dumps(text).encode()
    whole = json.loads(body).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert decode(DECODER, body) == whole
