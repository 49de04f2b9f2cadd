"""What the admin port tells of producers: what to fix in their events, and their keys."""

from pathlib import Path

from relay.keys.record import Key, Limits
from tests.given.event.builders import NOW_S
from tests.given.port.admin import AdminPort

TIME = "2026-01-01T00:00:00.000Z"


async def test_the_doctor_lists_what_to_mend_the_greatest_gain_first(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(20):
            await port.take(f"e-{number}", value="0.00")
        await port.reject("user.email", "no_identifier", key="relay_shop")
        found = (await port.ask("/api/v1/doctor")).json

    gains = [each["gain"] for each in found["findings"]]
    by_code = {each["code"]: each for each in found["findings"]}
    assert found["events"] == 20
    assert gains == sorted(gains, reverse=True)
    assert {"no_value", "rejected"} <= set(by_code)
    assert by_code["rejected"]["sentence"] == (
        "1 event was refused at `user.email`:"
        " Nothing in `user` points at one person, device or click."
    )
    assert by_code["rejected"]["key"] == "relay_shop"


async def test_the_doctor_tells_what_the_events_carry(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        await port.take("e-1")
        found = (await port.ask("/api/v1/doctor")).json

    [group] = found["match"]
    assert (group["event"], group["key"], group["events"]) == ("purchase", "", 1)
    email = {"identifier": "email", "carried": 1, "hashed": 0, "unusable": []}
    assert email in group["identifiers"]


async def test_the_doctor_looks_back_a_day(tmp_path: Path) -> None:
    async with AdminPort(tmp_path) as port:
        for number in range(20):
            await port.take(f"e-{number}", value="0.00")
        await port.reject("user.email", "no_identifier")
        port.now_s += 86_401
        found = (await port.ask("/api/v1/doctor")).json

    assert found == {"events": 0, "findings": [], "match": []}


def producer_key(
    name: str, limits: Limits | None = None, *, uses_of: str = "", revoked_at: int | None = None
) -> Key:
    return Key(
        key=f"relay_{name}",
        name=name,
        digest="d" * 64,
        limits=limits or Limits(),
        created_at=NOW_S,
        revoked_at=revoked_at,
        uses_of=uses_of or f"relay_{name}",
    )


async def test_keys_are_listed_with_their_uses_and_without_a_secret(tmp_path: Path) -> None:
    """A key that was rotated goes on with the uses of the one before."""
    async with AdminPort(tmp_path) as port:
        port.keys = [
            producer_key("a", Limits(max_uses=5)),
            producer_key("b", uses_of="relay_a"),
            producer_key("c", revoked_at=1),
        ]
        await port.take("e-1", key="relay_a")
        answer = await port.ask("/api/v1/keys")

    found = answer.json["keys"]
    assert [(each["uses"], each["uses_left"]) for each in found] == [(1, 4), (1, None), (0, None)]
    assert [each["last_used_at"] for each in found] == [TIME, TIME, None]
    assert [each["state"] for each in found] == ["good", "good", "revoked"]
    assert "d" * 64 not in answer.body.decode()
