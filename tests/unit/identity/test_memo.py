"""The bounded memory."""

from relay.identity.memo import MAX_LENGTH, Memo


class Counting:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, raw: str) -> str:
        self.calls.append(raw)
        return raw.upper()


def test_a_text_is_worked_out_once() -> None:
    rule = Counting()
    memo = Memo(rule)
    assert [memo["jane"], memo["jane"]] == ["JANE", "JANE"]
    assert rule.calls == ["jane"]


def test_a_full_memory_starts_anew() -> None:
    memo = Memo(Counting(), max_entries=2)
    for raw in ("a", "b", "c"):
        assert memo[raw] == raw.upper()
        assert len(memo) <= 2
    assert list(memo) == ["c"]


def test_a_long_text_is_never_remembered() -> None:
    memo = Memo(Counting())
    assert memo["x" * (MAX_LENGTH + 1)] == "X" * (MAX_LENGTH + 1)
    assert len(memo) == 0


def test_its_repr_shows_no_text() -> None:
    memo = Memo(Counting())
    assert memo["jane"] == "JANE"
    assert "jane" not in repr(memo).lower()
