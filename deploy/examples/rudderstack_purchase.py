"""Report a purchase with RudderStack's own client (`pip install rudder-sdk-python`).

RELAY_API_KEY=relay_… python rudderstack_purchase.py [ORDER_ID]
"""

import os
import sys

from rudderstack import analytics

analytics.write_key = os.environ["RELAY_API_KEY"]
analytics.dataPlaneUrl = os.environ.get("RELAY_URL", "http://127.0.0.1:8080")
order_id = sys.argv[1] if len(sys.argv) > 1 else "2006"

analytics.track(
    "customer-7",
    "Order Completed",
    {
        "event_id": f"order-{order_id}",  # the browser's pixel sends the same
        "order_id": order_id,
        "revenue": 72.39,  # before tax and shipping
        "currency": "EUR",
        "products": [{"product_id": "sku-1", "price": 24.13, "quantity": 3}],
        "epik": "dj0yJnU9abc",  # the cookie _epik
        "ttclid": "E.C.P.abc123",  # from the address of the landing page
        "ttp": "2Yg0vXv6bX3",  # the cookie _ttp
    },
    context={
        "ip": "203.0.113.7",  # the shopper's, not the server's
        "userAgent": "Mozilla/5.0 (X11; Linux)",
        "page": {"url": "https://shop.example/thanks"},
        "traits": {"email": "Jane@Example.com", "phone": "+49 30 1234567"},
    },
)
analytics.shutdown()
