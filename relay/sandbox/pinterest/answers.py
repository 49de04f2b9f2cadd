"""Every answer that Pinterest is known to give, as data.

A name is the HTTP status, followed by what is special about the answer. Source: Pinterest's OpenAPI
description 5.23.0 (December 2025).
"""

from typing import Final

from relay.sandbox.answer import Answer, Fate, Form, Place, Results

NOT_ALL: Final = "Not all events were processed."
_RAMPED_DOWN: Final = (
    "The endpoint has been ramped down and is currently not accepting any traffic."
)
_FORBIDDEN: Final = "You are not permitted to access that resource."
_RATE_LIMIT: Final = "This request exceeded a rate limit."


def answer_of(
    status: int,
    code: int | None = None,
    message: str = "",
    *,
    form: Form = "json",
    results: Results = "none",
    place: Place = "top",
    fate: Fate = "turned_away",
) -> Answer:
    """Return an answer of Pinterest's with `code` and `message` in its body."""
    return Answer(
        platform="pinterest",
        status=status,
        code=code,
        message=message,
        form=form,
        results=results,
        place=place,
        fate=fate,
    )


ANSWERS: Final = {
    "200": answer_of(200, results="processed"),
    "200-failed": answer_of(200, results="failed"),
    "200-mixed": answer_of(200, results="first_failed"),
    "200-bare": answer_of(200, results="bare"),
    "200-short": answer_of(200, results="short"),
    "200-unknown-status": answer_of(200, results="strange"),
    "200-html": answer_of(200, form="html"),
    "200-empty": answer_of(200, form="empty"),
    "207": answer_of(207, results="processed"),
    "207-mixed": answer_of(207, results="first_failed"),
    "400": answer_of(
        400,
        4196,
        "Invalid request: Additional properties are not allowed ('foo' was unexpected)",
        fate="refused",
    ),
    "401": answer_of(401, 2, "Authentication failed."),
    "401-scope": answer_of(401, 3, "Authorization failed: the token lacks a required scope."),
    "403": answer_of(403, 29, _FORBIDDEN),
    "404": answer_of(404, 2, "AdAccount not found"),
    "408": answer_of(408, 0, "Request timeout"),
    "413": answer_of(413, 0, "Request entity too large", fate="refused"),
    "422": answer_of(422, 4200, NOT_ALL, results="failed", place="details"),
    "422-top": answer_of(422, 4200, NOT_ALL, results="failed"),
    "422-mixed": answer_of(422, 4200, NOT_ALL, results="first_failed", place="details"),
    "422-mixed-top": answer_of(422, 4200, NOT_ALL, results="first_failed"),
    "422-no-list": answer_of(422, 4200, NOT_ALL, fate="refused"),
    "429": answer_of(429, 8, _RATE_LIMIT),
    "500": answer_of(500, 2787, "Something went wrong on our end. Sorry about that."),
    "502": answer_of(502, None, "Bad Gateway", form="html"),
    "503": answer_of(503, 4197, _RAMPED_DOWN),
    "504": answer_of(504, None, "Gateway Time-out", form="html"),
}
"""By name."""
