"""The settings of a node, and the ports that the nodes of a cluster listen on.

Replication is what the number of nodes allows. There is one user, who may do all, and a guest.
No topic comes into being by being asked for, as it is where topics are looked after.
"""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

USER: Final = "relay"
GUEST: Final = "guest"
"""A second user, who logs in with PLAIN only."""
PASSWORD: Final = "loopback-only"  # noqa: S105 - opens a broker that listens on loopback only
STORE_PASSWORD: Final = "loopback-only"  # noqa: S105 - of a key that is made for one run


class Ports(NamedTuple):
    """Where a node listens."""

    plain: int
    secured: int
    controller: int


def ports_of(folder: Path, nodes: int, plain_port: int) -> Sequence[Ports]:
    """Return the ports of all nodes: those that the folder was made with, else free ones."""
    known = folder / "ports"
    if known.exists():
        return [Ports(*map(int, line.split())) for line in known.read_text().splitlines()]
    free = _free_ports(3 * nodes)
    quorum = [Ports(*free[at : at + 3]) for at in range(0, len(free), 3)]
    if plain_port:
        quorum[0] = quorum[0]._replace(plain=plain_port)
    folder.mkdir(parents=True, exist_ok=True)
    known.write_text("".join(f"{p.plain} {p.secured} {p.controller}\n" for p in quorum))
    return quorum


def settings_of(folder: Path, number: int, quorum: Sequence[Ports], key: Path) -> dict[str, str]:
    """Return the settings of node `number`, which keeps all in `folder`; `key` is its TLS key."""
    ports, copies = quorum[number], min(3, len(quorum))
    voters = (f"{at}@127.0.0.1:{each.controller}" for at, each in enumerate(quorum))
    login = "org.apache.kafka.common.security.{0}.{1}LoginModule required"
    plain = login.format("plain", "Plain")
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(voters),
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{ports.plain},SASL_SSL://127.0.0.1:{ports.secured},"
        f"CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{ports.plain},"
        f"SASL_SSL://127.0.0.1:{ports.secured}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,"
        "CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{plain} user_{USER}="{PASSWORD}" '
        f'user_{GUEST}="{PASSWORD}";',
        **{
            f"listener.name.sasl_ssl.scram-sha-{bits}.sasl.jaas.config": login.format(
                "scram", "Scram"
            )
            + ";"
            for bits in (256, 512)
        },
        "ssl.keystore.location": str(key),
        "ssl.keystore.password": STORE_PASSWORD,
        "ssl.keystore.type": "PKCS12",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "true",
        "log.dirs": str(folder / "log"),
        "auto.create.topics.enable": "false",
        "num.partitions": "1",
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(max(1, copies - 1)),
        "offsets.topic.replication.factor": str(copies),
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(max(1, copies - 1)),
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
    }


def is_free(port: int) -> bool:
    """Return whether nothing listens on a port of loopback."""
    with socket.socket() as trial:
        # As the broker does: what is left of connections that have ended is not in the way.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
