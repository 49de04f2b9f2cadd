#!/bin/sh
# Report a purchase to the relay with curl 7.76 or newer, which tries again by itself.
#
#   RELAY_API_KEY=relay_… sh purchase.sh [ORDER_ID]
#
# The key goes to curl through a file descriptor: its arguments can be seen by everybody in `ps`.
set -eu
order_id=${1:-2001}

curl --silent --show-error --fail-with-body --max-time 60 --retry 8 --retry-connrefused \
    "${RELAY_URL:-http://127.0.0.1:8080}/v1/events" \
    -H @/dev/fd/3 \
    -H 'Content-Type: application/json' \
    -d @- 3<<KEY <<JSON
Authorization: Bearer $RELAY_API_KEY
KEY
{
  "event": "purchase",
  "event_id": "order-$order_id",
  "event_time": $(date +%s),
  "user": {
    "email": "Jane@Example.com",
    "phone": "+49 30 1234567",
    "external_id": "customer-7",
    "ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux)",
    "epik": "dj0yJnU9abc",
    "ttclid": "E.C.P.abc123",
    "ttp": "2Yg0vXv6bX3"
  },
  "order": {
    "order_id": "$order_id",
    "value": "72.39",
    "currency": "EUR",
    "items": [{"id": "sku-1", "price": "24.13", "quantity": 3}]
  },
  "page": {"url": "https://shop.example/thanks"},
  "consent": {"advertising": true}
}
JSON
