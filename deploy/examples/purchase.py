"""Report a purchase to the relay from a shop's backend; needs nothing but Python 3.10.

RELAY_API_KEY=relay_… python purchase.py [ORDER_ID]
"""

import json
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

RELAY_URL = os.environ.get("RELAY_URL", "http://127.0.0.1:8080")
PROXIES = 1  # of your own, in front of the shop: each adds an address to X-Forwarded-For
ATTEMPTS = 8
AGAIN = {408, 429, 500, 502, 503, 504}


def visitor(
    headers: Mapping[str, str], cookies: Mapping[str, str], peer: str
) -> dict[str, str | None]:
    """Return what identifies the shopper's browser, from the request that placed the order."""
    forwarded = [each.strip() for each in headers.get("X-Forwarded-For", "").split(",")]
    is_forwarded = "X-Forwarded-For" in headers and 0 < PROXIES <= len(forwarded)
    return {
        "ip": forwarded[-PROXIES] if is_forwarded else peer,
        "user_agent": headers.get("User-Agent"),
        "epik": cookies.get("_epik"),
        "ttclid": cookies.get("ttclid"),
        "ttp": cookies.get("_ttp"),
    }


def send(events: Sequence[Any]) -> dict[str, Any]:
    """Return the relay's answer once the events are on its disk; try again while that may help."""
    headers = {"Content-Type": "application/json"}
    if "RELAY_API_KEY" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['RELAY_API_KEY']}"
    request = Request(f"{RELAY_URL}/v1/events", json.dumps(events).encode(), headers)
    for attempt in range(ATTEMPTS):
        wait_s = min(2.0**attempt, 60)
        try:
            with urlopen(request, timeout=10) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            if error.code not in AGAIN:
                raise RuntimeError(f"{error.code} {error.read().decode()}") from None
            after = error.headers.get("Retry-After", "")
            wait_s = float(after) if after.isdigit() else wait_s
        except (OSError, HTTPException):
            pass  # no answer: the events may be stored, and sending them again is harmless
        time.sleep(wait_s * random.uniform(1, 1.5))  # as asked, and not all producers at once
    raise RuntimeError("the relay does not answer: keep the events, and send them later")


def main(order_id: str = "2002") -> None:
    """Report one purchase; the request of the shopper is made up."""
    headers = {
        "User-Agent": "Mozilla/5.0 (X11; Linux)",
        "X-Forwarded-For": "198.51.100.1, 203.0.113.7",  # what the shopper wrote, and what is so
    }
    cookies = {"_epik": "dj0yJnU9abc", "ttclid": "E.C.P.abc123", "_ttp": "2Yg0vXv6bX3"}
    purchase = {
        "event": "purchase",
        "event_id": f"order-{order_id}",  # the browser's pixel sends the same
        "event_time": int(time.time()),
        "user": {
            **visitor(headers, cookies, peer="10.0.0.5"),
            "email": "Jane@Example.com",
            "phone": "+49 30 1234567",
            "external_id": "customer-7",
        },
        "order": {
            "order_id": order_id,
            "value": "72.39",  # before tax and shipping
            "currency": "EUR",
            "items": [{"id": "sku-1", "price": "24.13", "quantity": 3}],
        },
        "page": {"url": "https://shop.example/thanks"},
        "consent": {"advertising": True},  # what the shopper chose in your banner
    }
    answer = send([purchase])
    print(f"accepted {answer['accepted']}, rejected {answer['rejected']}")
    for problem in answer["errors"] + answer["warnings"]:
        print(f"{problem['path']}: {problem['message']}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
