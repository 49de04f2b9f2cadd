"""What msgspec says about a document becomes a fault with a path."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from relay.sandbox.fault import MALFORMED, Fault, fault_of, value_at


class Line(msgspec.Struct, forbid_unknown_fields=True):
    quantity: Annotated[int, Meta(ge=0, le=10)] = 0
    name: Annotated[str, Meta(max_length=2)] = ""


class Document(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    kind: Literal["a", "b"] = "a"
    lines: tuple[Line, ...] = ()
    email: str | tuple[str, ...] = ()
    code: Annotated[str, Meta(pattern="^a")] = "a"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"{}", Fault("missing", "id")),
        (b'{"id":1}', Fault("type", "id", "string")),
        (b'{"id":null}', Fault("type", "id", "string")),
        (b'{"id":"","email":1}', Fault("type", "email", "string")),
        (b'{"id":"","email":[1]}', Fault("type", "email.0", "string")),
        (b'{"id":"","a-b`":1}', Fault("unknown", "a-b`")),
        (b'{"id":"","lines":[{},{"x":1}]}', Fault("unknown", "lines.1.x")),
        (b'{"id":"","lines":[3]}', Fault("type", "lines.0", "object")),
        (b'{"id":"","lines":[{"quantity":11}]}', Fault("range", "lines.0.quantity", "<= 10")),
        (b'{"id":"","lines":[{"name":"abc"}]}', Fault("range", "lines.0.name", "<= 2")),
        (b'{"id":"","kind":"c"}', Fault("enum", "kind")),
        (b'{"id":"","code":"b"}', Fault("range", "code")),
        (b"[]", Fault("type", "", "object")),
        (b'{"id":"', Fault("not_json")),
        (b'{"id":"\xff"}', Fault("not_json")),
    ],
)
def test_a_fault_says_what_and_where(document: bytes, fault: Fault) -> None:
    with pytest.raises(MALFORMED) as caught:
        msgspec.json.decode(document, type=Document)
    assert fault_of(caught.value) == fault


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", {"a": [{"b": 7}]}),
        ("a.0.b", 7),
        ("a.1", None),
        ("a.x", None),
        ("a.0.b.c", None),
        ("z", None),
    ],
)
def test_the_value_at_a_path(path: str, value: Any) -> None:
    assert value_at({"a": [{"b": 7}]}, path) == value


def test_the_key_at_fault_is_the_last_step() -> None:
    assert Fault("missing", "lines.0.name").key == "name"
