"""Several worker processes, as real ones: what one of them may cost, and what holds for all."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relay.sandbox.server import Sandbox
from tests.acceptance.process import LOOK_S, Producer, Relay, accepted_ids, fetch, purchase
from tests.acceptance.test_key_canaries import SHOP, signed
from tests.acceptance.test_kill import PLATFORMS
from tests.given.event.shopify_payload import ORDER
from tests.given.port.producers import Client, post

UNREACHABLE = "http://127.0.0.1:9"
SOON_S = 20.0
GONE_WITHIN_S = 2.0
REVOKED_WITHIN_S = 1.0
CROWD = 1_500


@pytest.mark.slow
async def test_a_worker_killed_under_load_loses_nothing_acknowledged_and_is_replaced(
    tmp_path: Path,
) -> None:
    """Each of three kills hits another worker; the other ones go on meanwhile."""
    async with Sandbox() as sandbox:
        relay = Relay(tmp_path, sandbox.url, workers=2)
        producers = [Producer(relay.producers, f"p{number}") for number in range(4)]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as load, relay:
            for producer in producers:
                load.create_task(producer.post_until(stop))
            for number in range(1, 4):
                await producers[number].until_acknowledged(200 * number)
                os.kill(relay.worker_ids[number % 2], signal.SIGKILL)
                await until(relay, {"relay_worker_restarts_total": number, "relay_workers": 2})
            stop.set()
            funnels = await relay.until_nothing_waits()
            assert await relay.end(signal.SIGTERM) == 0
        accepted = {name: await accepted_ids(sandbox.url, name) for name in PLATFORMS}
    acknowledged = set().union(*(each.acknowledged for each in producers))
    for counts in accepted.values():
        assert acknowledged <= counts.keys()
        assert counts.total() == len(counts), "the process that sends was never harmed"
    assert all(each["dead"] == 0 for each in funnels.values())
    log = (tmp_path / "relay.log").read_text().splitlines()
    ended = [line for line in log if "a worker process ended" in line]
    assert len(ended) == 3
    assert all('"reason":"SIGKILL"' in line for line in ended)


async def test_when_no_worker_runs_the_relay_is_not_ready_and_says_why(tmp_path: Path) -> None:
    """And once they can start again, they do."""
    environ = {"PYTHONPATH": str(barred(tmp_path))}
    async with Relay(tmp_path, UNREACHABLE, environ=environ, workers=2) as relay:
        (tmp_path / "barred").touch()
        for each in relay.worker_ids:
            os.kill(each, signal.SIGKILL)
        await until(relay, {"relay_workers": 0})
        assert await ready(relay) == (503, "no worker process runs")
        told = await asyncio.to_thread(run, tmp_path, "status")
        assert "events are refused: no worker process runs" in told
        (tmp_path / "barred").unlink()
        await until(relay, {"relay_workers": 2})
        assert (await ready(relay))[0] == 200
        assert (await posts(relay, [purchase("after")])) == [202]


async def test_workers_are_gone_with_the_main_process_and_its_port_is_free(tmp_path: Path) -> None:
    relay = Relay(tmp_path, UNREACHABLE, workers=3)
    await relay.start()
    workers = relay.worker_ids
    assert len(workers) == 3
    for each in workers:  # as a supervisor does that tells all processes to stop
        os.kill(each, signal.SIGTERM)
    assert (await posts(relay, [purchase("before")])) == [202]
    assert relay.worker_ids == workers
    await relay.kill()
    async with asyncio.timeout(GONE_WITHIN_S):
        while any(is_there(each) for each in workers):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_S)
    async with relay:
        assert (await posts(relay, [purchase("after")])) == [202]


async def test_a_worker_that_cannot_start_fails_the_start(tmp_path: Path) -> None:
    """One line says so, instead of a relay that answers nobody."""
    (tmp_path / "barred").touch()
    environ = {"PYTHONPATH": str(barred(tmp_path))}
    relay = Relay(tmp_path, UNREACHABLE, environ=environ, workers=2)
    with pytest.raises(AssertionError, match=r"a worker process did not start \(exit code 3\)"):
        await relay.start()


@pytest.mark.slow
async def test_of_10000_uses_of_a_key_for_5000_exactly_5000_pass(tmp_path: Path) -> None:
    relay = Relay(tmp_path, UNREACHABLE, workers=2)
    token = made(tmp_path, "--max-uses", "5000")
    async with relay:
        statuses: Counter[int] = Counter()
        numbers = iter(range(10_000))

        async def client() -> None:
            async with Client(port_of(relay)) as connection:
                for number in numbers:
                    await connection.send(request(token, f"e-{number}"))
                    answered = await connection.answer()
                    statuses[answered.status] += 1
                    if answered.status != 202:  # what is refused ends its connection
                        return

        while statuses.total() < 10_000:
            await asyncio.gather(*(client() for _ in range(8)))
        assert statuses == {202: 5_000, 403: 5_000}
        funnels = await relay.summary()
        assert {each["received"] for each in funnels.values()} == {5_000}
        await at_rest(relay, statuses)


async def test_a_revoked_key_is_out_within_a_second_at_every_worker(tmp_path: Path) -> None:
    """Also on connections that were open before."""
    relay = Relay(tmp_path, UNREACHABLE, workers=3)
    token = made(tmp_path)
    async with relay, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(port_of(relay))) for _ in range(12)]
        assert {await status_of(each, request(token, "a")) for each in clients} == {202}
        run(tmp_path, "keys", "revoke", "shop")
        revoked_at = time.monotonic()
        refused = await asyncio.gather(*(until_refused(each, token) for each in clients))
    assert {status for status, _ in refused} == {401}
    assert max(taken_at for _, taken_at in refused) <= revoked_at + REVOKED_WITHIN_S


@pytest.mark.parametrize("content", [None, "{"], ids=["gone", "unreadable"])
async def test_a_worker_that_is_started_again_has_the_keys_that_are_in_force(
    tmp_path: Path, content: str | None
) -> None:
    """As the others have: whatever has become of the file, the last good keys stay."""
    relay = Relay(tmp_path, UNREACHABLE, workers=2)
    token = made(tmp_path)
    file = tmp_path / "keys.json"
    async with relay:
        file.unlink() if content is None else file.write_text(content)
        for each in relay.worker_ids:
            os.kill(each, signal.SIGKILL)
        await until(relay, {"relay_worker_restarts_total": 2, "relay_workers": 2})
        assert await once(relay, request("", "a")) == 401
        assert await once(relay, request(token, "b")) == 202


async def test_a_worker_that_is_started_again_has_also_a_key_that_was_made_meanwhile(
    tmp_path: Path,
) -> None:
    """The main process, which answers no producer, takes notice of it as well."""
    async with Relay(tmp_path, UNREACHABLE, workers=2) as relay:
        assert await once(relay, request("", "before")) == 202
        token = made(tmp_path)
        statuses = await posted_for(REVOKED_WITHIN_S, relay, token)
        assert statuses[202]
        await until(relay, {'relay_http_answers_total{status="202"}': 1 + statuses[202]})
        (tmp_path / "keys.json").unlink()
        for each in relay.worker_ids:
            os.kill(each, signal.SIGKILL)
        await until(relay, {"relay_worker_restarts_total": 2, "relay_workers": 2})
        assert await once(relay, request("", "b")) == 401
        assert await once(relay, request(token, "c")) == 202


async def test_a_rate_is_one_for_all_workers(tmp_path: Path) -> None:
    relay = Relay(tmp_path, UNREACHABLE, workers=3)
    token = made(tmp_path, "--rate", "5/s")
    async with relay:
        began = time.monotonic()
        statuses = await asyncio.gather(*(once(relay, request(token, "x")) for _ in range(40)))
        passed = Counter(statuses)
        assert passed.keys() == {202, 429}
        assert 5 <= passed[202] <= 5 + 5 * (time.monotonic() - began) + 1


@pytest.mark.slow
async def test_a_crowd_of_connections_is_served(tmp_path: Path) -> None:
    """More than the kernel keeps by default at a socket; all are open at the same time."""
    environ = {"RELAY_SERVER__MAX_CONNECTIONS": str(CROWD)}
    async with Relay(tmp_path, UNREACHABLE, environ=environ, workers=2) as relay:
        async with AsyncExitStack() as stack:
            clients = [Client(port_of(relay)) for _ in range(CROWD)]
            await asyncio.gather(*(stack.enter_async_context(each) for each in clients))
            asked = [status_of(each, request("", f"e-{at}")) for at, each in enumerate(clients)]
            assert Counter(await asyncio.gather(*asked)) == {202: CROWD}
        await at_rest(relay, Counter({202: CROWD}))


async def test_the_bound_of_connections_is_one_for_all_workers(tmp_path: Path) -> None:
    """Beyond it by fewer than there are workers, when several let somebody in at once."""
    environ = {"RELAY_SERVER__MAX_CONNECTIONS": "10"}
    async with Relay(tmp_path, UNREACHABLE, environ=environ, workers=3) as relay:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(port_of(relay))) for _ in range(20)]
            statuses = Counter([await status_of(each, request("", "a")) for each in clients])
        assert 10 <= statuses[202] <= 12
        assert statuses.total() == 20
        assert statuses.keys() == {202, 503}


async def test_a_hangup_signal_has_every_worker_read_secrets_again(tmp_path: Path) -> None:
    """Also one whose file looks untouched, so that nobody would have noticed by themselves."""
    secret = tmp_path / "secret"
    secret.write_text("old-one")
    relay = Relay(tmp_path, UNREACHABLE, workers=2)
    with (tmp_path / "relay.toml").open("a") as config:
        config.write(SHOP.replace("env:SHOP_SECRET", f"file:{secret}"))
    async with relay, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(port_of(relay))) for _ in range(8)]
        assert {await status_of(each, webhook("old-one")) for each in clients} == {200}
        before = secret.stat()
        secret.write_text("new-one")
        os.utime(secret, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert {await status_of(each, webhook("old-one")) for each in clients} == {200}
        relay.send(signal.SIGHUP)
        async with asyncio.timeout(SOON_S):
            while (await once(relay, webhook("old-one"))) != 401:
                pass
        statuses = {await status_of(each, webhook("new-one")) for each in clients}
        assert statuses == {200}


def webhook(secret: str) -> bytes:
    """Return an order as Shopify sends it, signed."""
    headers = {name.replace("-", "_"): text for name, text in signed(secret).items()}
    return post(json.dumps(ORDER).encode(), "/v1/webhooks/shopify", **headers)


def barred(folder: Path) -> Path:
    """Return a folder for Python's path: no worker starts while there is a file `barred` in it."""
    (folder / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if 'relay.worker' in sys.orig_argv and os.path.exists('{folder}/barred'):\n"
        "    os._exit(3)\n"
    )
    return folder


def run(folder: Path, *arguments: str) -> str:
    """Run `relay …` and return what it printed."""
    command = [sys.executable, "-m", "relay", *arguments, "-c", f"{folder}/relay.toml"]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode()


def made(folder: Path, *limits: str) -> str:
    """Return the token of a new key."""
    token: str = json.loads(run(folder, "keys", "create", "shop", "--json", *limits))["token"]
    return token


def request(token: str, event_id: str) -> bytes:
    body = json.dumps(purchase(event_id)).encode()
    return post(body, Authorization=f"Bearer {token}" if token else "")


def port_of(relay: Relay) -> int:
    return int(relay.producers.rpartition(":")[2])


async def status_of(client: Client, sent: bytes) -> int:
    """Send on a connection that stays open, and return the status of the answer."""
    await client.send(sent)
    return (await client.answer()).status


async def once(relay: Relay, sent: bytes) -> int:
    """Send on a connection of its own."""
    async with Client(port_of(relay)) as client:
        return await status_of(client, sent)


async def until_refused(client: Client, token: str) -> tuple[int, float]:
    """Post until it is refused; return the status, and when what was taken last was sent."""
    sent_at = taken_at = time.monotonic()
    while (status := await status_of(client, request(token, "again"))) == 202:
        taken_at, sent_at = sent_at, time.monotonic()
    return status, taken_at


async def posted_for(seconds: float, relay: Relay, token: str) -> Counter[int]:
    """Post one event after the other for a while, and return the statuses."""
    end, statuses = time.monotonic() + seconds, Counter[int]()
    while time.monotonic() < end:
        statuses[await once(relay, request(token, "again"))] += 1
    return statuses


async def posts(relay: Relay, events: list[dict[str, object]]) -> list[int]:
    return [await once(relay, post(json.dumps(each).encode())) for each in events]


async def ready(relay: Relay) -> tuple[int, str]:
    """Return the status of `/readyz`, and what it says."""
    async with Client(int(relay.admin.rpartition(":")[2])) as client:
        await client.send(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answered = await client.answer()
    return answered.status, answered.json.get("message", "")


async def figures(relay: Relay) -> dict[str, float]:
    """Return the metrics by name and labels."""
    lines = (await fetch(f"{relay.admin}/metrics")).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


async def until(relay: Relay, wanted: dict[str, float]) -> None:
    """Wait for figures."""
    async with asyncio.timeout(SOON_S):
        while not wanted.items() <= (await figures(relay)).items():  # noqa: ASYNC110 - a figure tells nobody
            await asyncio.sleep(LOOK_S)


async def at_rest(relay: Relay, statuses: Counter[int]) -> None:
    """Wait for the figures of the answers to be those that were given, and no more."""
    wanted = {f'relay_http_answers_total{{status="{each}"}}': n for each, n in statuses.items()}
    await until(relay, {**wanted, "relay_ingest_seconds_count": statuses[202]})


def is_there(process_id: int) -> bool:
    """Return whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
