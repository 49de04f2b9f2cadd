"""A platform behind TLS, and the proxy of a company's network that tunnels to it."""

import asyncio
import re
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from tests.given.port.certificate import CERTIFICATE, KEY

CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
CHUNK_BYTES = 65_536


class Proxy:
    """Leads every tunnel to one port of this machine, whatever name is asked for.

    With `refusal` it opens none and answers that. `asked` are the heads of the requests it got,
    `passed` all that went through a tunnel towards the platform.
    """

    def __init__(self, port: int, refusal: bytes = b"") -> None:
        self._port = port
        self._refusal = refusal
        self.asked: list[bytes] = []
        self.passed = b""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def hosts(self) -> set[bytes]:
        """The hosts and ports that tunnels were asked for."""
        return {each for head in self.asked for each in re.findall(rb"^CONNECT (\S+)", head)}

    async def _take(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        if self._refusal:
            writer.write(self._refusal)
            writer.close()
            return
        writer.write(CONNECTED)
        await joined(reader, writer, self._port, self._note)

    def _note(self, data: bytes) -> None:
        self.passed += data


@asynccontextmanager
async def encrypted(port: int, folder: Path) -> AsyncIterator[int]:
    """Yield a port at which a plain one of this machine speaks TLS, with `CERTIFICATE`."""
    (folder / "platform.pem").write_text(CERTIFICATE + KEY)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "platform.pem")

    async def take(reader: StreamReader, writer: StreamWriter) -> None:
        await joined(reader, writer, port)

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def joined(
    reader: StreamReader,
    writer: StreamWriter,
    port: int,
    note: Callable[[bytes], None] = lambda _: None,
) -> None:
    """Lead a connection on to a port, until both ends have closed it."""
    onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.gather(
        _copied(reader, onward_writer, note), _copied(onward_reader, writer, lambda _: None)
    )


async def _copied(
    reader: StreamReader, writer: StreamWriter, note: Callable[[bytes], None]
) -> None:
    try:
        while data := await reader.read(CHUNK_BYTES):
            note(data)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
