"""The JSON Schema of a message to the webhook of `[notify]`."""

from relay.outcome.watch.notice import Notice
from relay.schema.document import Json, components, head


def notice_schema() -> Json:
    """Return the schema of one message, which is the whole body of its POST."""
    parts = components([Notice])
    return {**head("notice", "Message to the webhook"), **parts[Notice.__name__]}
