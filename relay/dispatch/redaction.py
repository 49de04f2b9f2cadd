"""Takes the token out of what a platform answered, before any of it is kept or shown."""

from msgspec.structs import replace

from relay.delivery import DELIVERED, Answer
from relay.logs import OPAQUE


def without_token(answer: Answer, token: str) -> Answer:
    """Return an answer that repeats the token nowhere: scrubbing takes a short one for a word."""

    def cut(text: str) -> str:
        return text.replace(token, OPAQUE)

    return replace(
        answer,
        code=cut(answer.code),
        message=cut(answer.message),
        request_id="" if token in answer.request_id else answer.request_id,
        verdicts=[
            each
            if each is DELIVERED
            else replace(each, code=cut(each.code), message=cut(each.message))
            for each in answer.verdicts
        ],
    )
