"""Shopify's webhooks: `shopify` answers, `order` says what an order or checkout is."""
