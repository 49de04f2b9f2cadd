"""Which identifiers the stored events carry, as a figure that a shop can improve.

Only whether one is there is looked at, never what it is.
"""

from collections.abc import Iterable, Iterator

from relay.identity import Identity
from relay.journal.base import Entry
from relay.metrics import IdentifierTally, Presence


def count(tally: IdentifierTally, entries: Iterable[Entry]) -> None:
    """Count stored events for the destinations that are to get them."""
    tally.add_events(_kinds(entries))


def presence_of(identity: Identity) -> Presence:
    """Return whether each of `relay.metrics.IDENTIFIERS` is there in a usable form."""
    return (
        bool(identity.email_compact),
        bool(identity.phone_digits),
        bool(identity.external_id),
        identity.first_name is not None,
        identity.last_name is not None,
        identity.gender is not None,
        identity.birth_date is not None,
        identity.city is not None or identity.city_plain is not None,
        identity.state is not None or identity.state_plain is not None,
        identity.zip_digits is not None or identity.zip_compact is not None,
        identity.country is not None or identity.country_plain is not None,
        identity.mobile_ad_id_lower is not None,
        bool(identity.ip),
        bool(identity.user_agent),
        bool(identity.locale),
        bool(identity.epik),
        bool(identity.ttclid),
        bool(identity.ttp),
    )


def _kinds(entries: Iterable[Entry]) -> Iterator[tuple[tuple[str, ...], Presence]]:
    for entry in entries:
        yield tuple(entry.payloads), presence_of(entry.conversion.identity)
