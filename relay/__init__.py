"""Server-side conversion-event relay to Pinterest and TikTok."""
