"""Webhook payloads as Shopify's public documentation describes them, cut to what matters."""

from typing import Any

DOMAIN = "lamp-shop.myshopify.com"

ADDRESS: dict[str, Any] = {
    "first_name": "Steve",
    "last_name": "Shipper",
    "phone": "555-555-SHIP",
    "city": "Chicago",
    "province": "Illinois",
    "province_code": "IL",
    "zip": "60601",
    "country": "United States",
    "country_code": "US",
}
LINE: dict[str, Any] = {
    "id": 866550311766439020,
    "product_id": 632910392,
    "variant_id": 808950810,
    "sku": "LAMP-1",
    "title": "Lamp",
    "vendor": "Glow",
    "price": "199.00",
    "quantity": 2,
    "current_quantity": 2,
}
ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "browser_ip": "203.0.113.7",
    "client_details": {"user_agent": "Mozilla/5.0 (Macintosh)", "accept_language": "en-US"},
    "created_at": "2026-01-31T06:59:00-05:00",
    "processed_at": "2026-01-31T06:58:00-05:00",
    "currency": "USD",
    "current_subtotal_price": "398.00",
    "subtotal_price": "398.00",
    "current_total_price": "430.00",
    "customer_locale": "en-US",
    "email": "jon@example.com",
    "phone": "+15142546011",
    "landing_site": "/products/lamp?ttclid=tt-1",
    "referring_site": "https://www.tiktok.com/",
    "name": "#9999",
    "note_attributes": [{"name": "_epik", "value": "dj0yJnU9"}],
    "order_status_url": f"https://{DOMAIN}/690933842/orders/1/authenticate?key=k3y",
    "source_name": "web",
    "test": False,
    "token": "k3y",
    "billing_address": ADDRESS,
    "customer": {
        "id": 115310627314723954,
        "email": "john@example.com",
        "first_name": "John",
        "last_name": "Smith",
    },
    "line_items": [LINE],
}
CUSTOMER: dict[str, Any] = {
    "id": 706405506930370084 // 10000 * 10000,
    "email": "bob@example.com",
    "created_at": "2026-01-31T06:59:00-05:00",
    "first_name": "Bob",
    "last_name": "Biller",
    "phone": None,
    "default_address": ADDRESS,
}
CHECKOUT: dict[str, Any] = {
    "id": 981820079255243,
    "token": "t0k3n",
    "created_at": "2026-01-31T06:59:00-05:00",
    "currency": "USD",
    "subtotal_price": "398.00",
    "email": "bob@example.com",
    "landing_site": "/",
    "abandoned_checkout_url": f"https://{DOMAIN}/checkouts/t0k3n/recover?key=t0k3n",
    "line_items": [LINE],
}
