"""Requests that are not looked at, that are no HTTP at all, and careless ones that are fine."""

import gzip

from tests.given.event.inbound import encoded
from tests.given.hostile.row import CANARY, GZIP, NDJSON, Row, chunks, raw, refused
from tests.given.port.producers import MAX_BODY_BYTES, post

NOT_LOOKED_AT = [
    refused(
        "a form's type", 415, "unsupported_media_type", post(b"a=b", Content_Type="text/plain")
    ),
    refused(
        "an upload's type",
        415,
        "unsupported_media_type",
        post(encoded(), Content_Type="multipart/form-data; boundary=c4n4ry"),
    ),
    refused("brotli", 415, "unsupported_media_type", post(encoded(), Content_Encoding="br")),
    refused(
        "gzip twice",
        415,
        "unsupported_media_type",
        post(gzip.compress(gzip.compress(encoded())), Content_Encoding="gzip, gzip"),
    ),
    refused(
        "gzip said twice",
        415,
        "unsupported_media_type",
        post(gzip.compress(encoded()), **GZIP, CONTENT_ENCODING="gzip"),
    ),
    refused("an unknown path", 404, "not_found", post(encoded(), path="/v1/event")),
    refused("the root", 404, "not_found", raw("GET / HTTP/1.1\nHost: relay")),
    refused("a slash too many", 404, "not_found", post(encoded(), path="/v1/events/")),
    refused("dots", 404, "not_found", post(encoded(), path="/v1/../../etc/passwd")),
    refused("broken escapes", 404, "not_found", post(encoded(), path="/%zz%00%ff")),
    refused("a query with a secret", 404, "not_found", post(b"", path="/x?token=c4n4ry")),
    refused("the asterisk", 404, "not_found", raw("OPTIONS * HTTP/1.1\nHost: relay")),
    refused("a tunnel", 404, "not_found", raw("CONNECT c4n4ry:443 HTTP/1.1\nHost: relay")),
    *(
        refused(
            f"{method} of events",
            405,
            "method_not_allowed",
            raw(f"{method} /v1/events HTTP/1.1\nHost: relay"),
        )
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    ),
    refused("POST of who am I", 405, "method_not_allowed", post(b"", path="/v1/auth/test")),
    refused("too large, said", 413, "too_large", post(b"", Content_Length=str(MAX_BODY_BYTES + 1))),
    refused("far too large, said", 413, "too_large", post(b"", Content_Length="9999999999999")),
    refused(
        "too large, unsaid",
        413,
        "too_large",
        chunks(b" " * MAX_BODY_BYTES, b" "),
    ),
    refused(
        "too many events",
        413,
        "too_large",
        post(b"[" + b"1," * 100_000 + b"1]"),
    ),
    refused("too many lines", 413, "too_large", post(b"\n" * 100_001, **NDJSON)),
]

NO_HTTP = [
    refused(title, 400, "bad_request", request)
    for title, request in {
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03c4n4ry\r\n\r\n",
        "gibberish": b"c4n4ry\r\n\r\n",
        "no version": raw("GET /v1/events?c4n4ry x"),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "an unknown method": raw("C4N4RY /v1/events HTTP/1.1\nHost: relay"),
        "a blank in the path": raw("GET /v1 c4n4ry HTTP/1.1\nHost: relay"),
        "no host": raw("POST /v1/events HTTP/1.1\nContent-Length: 0"),
        "a broken host in the path": raw("GET http://[::c4n4ry/ HTTP/1.1\nHost: relay"),
        "a blank in a header's name": raw("GET / HTTP/1.1\nHost: relay\nX Y: c4n4ry"),
        "a NUL in a header": raw("GET / HTTP/1.1\nHost: relay\nX: c4n4ry\0"),
        "a folded header": raw("GET / HTTP/1.1\nHost: relay\nX: a\n c4n4ry"),
        "a header without a colon": raw("GET / HTTP/1.1\nHost: relay\nc4n4ry"),
        "a long path": raw(f"GET /{CANARY * 2000} HTTP/1.1\nHost: relay"),
        "a long query": raw(f"GET /?{CANARY * 2000} HTTP/1.1\nHost: relay"),
        "a long header": raw(f"GET / HTTP/1.1\nHost: relay\nX: {CANARY * 4000}"),
        "a long header's name": raw(f"GET / HTTP/1.1\nHost: relay\n{CANARY * 4000}: x"),
        "many headers": raw("GET / HTTP/1.1\nHost: relay\n" + "X: c4n4ry\n" * 200),
        "a negative length": post(b"", Content_Length="-1"),
        "no number as length": post(b"", Content_Length=CANARY),
        "an endless length": post(b"", Content_Length="9" * 40),
        "two lengths": post(encoded(), CONTENT_LENGTH="3"),
        "length and chunks": post(b"0\r\n\r\n", Transfer_Encoding="chunked"),
        "an unknown transfer encoding": post(b"", Content_Length="", Transfer_Encoding=CANARY),
        "chunks twice": post(b"", Content_Length="", Transfer_Encoding="chunked, chunked"),
        "a chunk without a size": post(
            b"c4n4ry\r\n", Content_Length="", Transfer_Encoding="chunked"
        ),
    }.items()
]

CARELESS = [
    Row("chunks of a byte", chunks(*(encoded()[at : at + 1] for at in range(len(encoded())))), 202),
    Row("HTTP/1.0", post(encoded()).replace(b"HTTP/1.1", b"HTTP/1.0"), 202),
    Row("an escaped path", post(encoded(), path="/v1/%65vents"), 202),
    Row("a query", post(encoded(), path="/v1/events?token=c4n4ry"), 202),
    Row("the whole address as path", post(encoded(), path="http://relay/v1/events"), 202),
    Row("an offer of HTTP/2", post(encoded(), Connection="Upgrade", Upgrade="h2c"), 202),
    Row("an offer of a socket", post(encoded(), Connection="Upgrade", Upgrade="websocket"), 202),
    Row("an unknown expectation", post(encoded(), Expect=CANARY), 202),
    Row("an empty type", post(encoded(), Content_Type=" "), 202),
    Row("a strange charset", post(encoded(), Content_Type="application/json;charset=c4n4ry"), 202),
    Row("a key twice: the last counts", post(b'{"event":"signup",' + encoded()[1:]), 202),
    Row("an escaped NUL in an id", post(encoded(event_id="a\0b")), 202),
    Row("an id of blanks", post(encoded(event_id="   ")), 202),
    Row("a custom name of emoji", post(encoded(event="🦆" * 100)), 202),
    Row("a pair of escapes", post(encoded().replace(b"order-1", b"\\ud83e\\udd86")), 202),
    Row("blanks all over", post(b"\n\t " + encoded().replace(b":", b" : ") + b"\r\n "), 202),
    Row("a byte order mark", post(b"\xef\xbb\xbf" + encoded()), 202),
    Row("a byte order mark before lines", post(b"\xef\xbb\xbf" + encoded(), **NDJSON), 202),
    Row("the year 1970", post(encoded(event_time=0)), 202),
    Row("no destination at all", post(encoded(destinations=[])), 202),
    Row("half a good list", post(b"[1," + encoded() + b"]"), 202, ("wrong_type", "", 0), 1),
]
