"""The currencies in which TikTok counts a value: fewer than there are in ISO 4217.

From TikTok's Events API 2.0, "Parameters" (2026). It does not say what happens to others, so they
are sent nevertheless. Pinterest names no such list.
"""

from typing import Final

LISTED_AT_TIKTOK: Final = frozenset(
    {
        *("AED", "ARS", "AUD", "BDT", "BHD", "BIF", "BOB", "BRL", "CAD", "CHF", "CLP", "CNY"),
        *("COP", "CRC", "CZK", "DKK", "DZD", "EGP", "EUR", "GBP", "GTQ", "HKD", "HNL", "HUF"),
        *("IDR", "ILS", "INR", "ISK", "JPY", "KES", "KHR", "KRW", "KWD", "KZT", "MAD", "MOP"),
        *("MXN", "MYR", "NGN", "NIO", "NOK", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "PYG"),
        *("QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VES"),
        *("VND", "ZAR"),
    }
)
