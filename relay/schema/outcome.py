"""The JSON Schema of a record of `relay.outcomes`."""

from relay.outcome.published import Outcome
from relay.schema.document import Json, components, head


def outcome_schema() -> Json:
    """Return the schema of a record's value."""
    parts = components([Outcome])
    return {**head("outcome", "Outcome of an event at a destination"), **parts[Outcome.__name__]}
