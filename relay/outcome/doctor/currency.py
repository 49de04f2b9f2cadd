"""The currencies that TikTok counts a value in, of which it names fewer than ISO 4217 has.

From TikTok's Events API 2.0, "Parameters" (2026). What becomes of others it does not say, so they
are sent all the same; Pinterest names none.
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
