"""Shopify's webhooks: `shopify` answers, `order` translates orders, checkouts and customers."""
