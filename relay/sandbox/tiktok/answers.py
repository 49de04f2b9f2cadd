"""Every answer that TikTok is known to give, as data.

A name is TikTok's own code (or `http-STATUS` for a gateway), followed by what is special about it.
Sources: TikTok's Business API documentation and the error codes of its SDK (February 2026).
"""

from typing import Final

from relay.sandbox.answer import Answer, Fate, Form, Results

_WITH_401: Final = frozenset({40100, 40104})
_REFUSALS: Final = frozenset({40000, 40002, 40061, 40062, 40700})
_TOO_FREQUENT: Final = "App requests are temporarily restricted for too many requests."


def answer_of(
    code: int | None,
    message: str = "",
    *,
    status: int | None = None,
    form: Form = "json",
    results: Results = "none",
    fate: Fate | None = None,
    body: str = "",
) -> Answer:
    """Return an answer of TikTok's with `code` and `message` in its envelope.

    Most codes come with HTTP 200; two that TikTok documents come with 401.
    """
    return Answer(
        platform="tiktok",
        status=status or (401 if code in _WITH_401 else 200),
        code=code,
        message=message,
        form=form,
        results=results,
        fate=fate or ("refused" if code in _REFUSALS else "turned_away"),
        body=body,
    )


_MESSAGES: Final = {
    20001: "Partial success",
    40000: "Invalid params",
    40001: "No permission to operate pixel code",
    40002: "Invalid parameter",
    40003: "Forbidden",
    40006: "Invalid API version",
    40007: "The event source does not exist",
    40008: "Not implemented",
    40009: "Unsupported in sandbox",
    40010: "Unsupported domain",
    40011: "Too many ids",
    40012: "The object cannot be updated",
    40013: "The sandbox advertiser does not exist",
    40014: "Invalid cluster",
    40016: "Business frequency control",
    40050: "Duplicated request",
    40051: "The API version has expired",
    40052: "Ad limit",
    40053: "Ad limit",
    40061: "Invalid batch size",
    40062: "PII is not hashed",
    40063: "Invalid partner name",
    40100: _TOO_FREQUENT,
    40101: "Invalid partner",
    40102: "Access token is expired",
    40103: "Refresh token is expired",
    40104: "Access token is null",
    40105: "Access token is incorrect or has been revoked",
    40106: "Invalid core user",
    40107: "Invalid refresh token",
    40108: "Invalid grant type",
    40109: "AES error",
    40110: "Auth code is invalid or has expired",
    40112: "Wrong password",
    40113: "The app is forbidden",
    40114: "The advertiser is logged out",
    40115: "Invalid auth timestamp",
    40116: "Invalid auth signature",
    40117: "The app may not call this method",
    40118: "Not in the allow-list",
    40119: "Not the same identity",
    **dict.fromkeys((*range(40120, 40123), *range(40126, 40130)), "Login check failed"),
    40124: "The developer was rejected",
    40125: "The developer lacks permission",
    40130: "The scope is not authorised",
    40131: "The scope is not authorised",
    40132: "The frequency is limited",
    40133: "The frequency is limited",
    40200: "Task error",
    40201: "The task is not ready",
    40202: "Write conflict",
    40300: "The advertiser does not exist",
    40301: "Wrong advertiser role",
    40302: "The customer does not exist",
    40309: "Login required",
    40400: "Route not found",
    40502: "Ad limit",
    40700: "RPC validation failed",
    40900: "Wrong signature",
    **dict.fromkeys(range(40901, 40917), "Media error"),
    41000: "Blocked",
    41001: "The interface is offline",
    41002: "The fields are offline",
    41013: "Site-to-video error",
    50000: "System error",
    50002: "System timeout",
    **dict.fromkeys(range(51000, 51100), "Downstream service error"),
    51010: "Service timeout",
    51012: "Pixel service error",
    51021: "Too many requests",
    51039: "Auth service error",
    51054: "CRM service error",
    **dict.fromkeys(range(52000, 52205), "Storage error"),
    53102: "Serialisation failed",
    53103: "Deserialisation failed",
    60001: "The system is under maintenance",
    61000: "Too many requests",
    70001: "Invalid business auth type",
}

_SPECIAL: Final = {
    "0": answer_of(0, "OK", fate="accepted"),
    "20001": answer_of(20001, "Partial success", fate="accepted"),
    "20001-failed-events": answer_of(20001, "Partial success", results="first_failed"),
    "40050": answer_of(40050, "Duplicated request", fate="accepted"),
    "40000-indexed": answer_of(40000, "Invalid value for data.0.event_time"),
    "40002-indexed": answer_of(40002, "Invalid value for data.0.event_id"),
    "40002-batch": answer_of(40002, "Batch.0.properties.contents.0.content_id: Not a valid string"),
    "40002-unindexed": answer_of(40002, "Invalid value for event_id: not a valid string."),
    "40002-source-id": answer_of(40002, "Invalid value for event_source_id: not a valid string."),
    "40002-test-code": answer_of(40002, "Invalid value for test_event_code"),
    "40002-batch-size": answer_of(40002, "Invalid batch size: data holds more than 1000 events"),
    "40062-indexed": answer_of(40062, "PII is not hashed: data.0.user.email"),
    "40700-indexed": answer_of(40700, "RPC validation failed: data.0.event"),
    "200-html": answer_of(None, form="html"),
    "200-empty": answer_of(None, form="empty"),
    "200-no-code": answer_of(None, form="raw", body='{"message":"OK"}'),
    **{
        f"http-{status}": answer_of(None, reason, status=status, form="html")
        for status, reason in (
            (302, "Found"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (408, "Request Time-out"),
            (413, "Request Entity Too Large"),
            (425, "Too Early"),
            (429, "Too Many Requests"),
            (500, "Internal Server Error"),
            (502, "Bad Gateway"),
            (503, "Service Unavailable"),
            (504, "Gateway Time-out"),
        )
    },
}

ANSWERS: Final = {
    **{str(code): answer_of(code, message) for code, message in _MESSAGES.items()},
    **_SPECIAL,
}
"""By name."""
