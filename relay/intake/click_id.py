"""Takes click ids from the page's URL if the producer did not send them.

Pinterest reads a click id from its own field alone, not from a URL ("Conversions API", v5,
`click_id`); TikTok advises sending its own in both ("Send TikTok click ID", 2026). So a missing id
is read from the URL; one that the producer sent, for example from a cookie, takes precedence. An
event still needs an identifier in `user`: a link does not identify a person.
"""

from typing import Final

from msgspec.structs import replace

from relay.identity import Identity
from relay.identity.device import opaque, ttclid
from relay.intake.page import query_of

_EPIK: Final = "epik="
_TTCLID: Final = "ttclid="


def with_click_ids(identity: Identity, url: str) -> Identity:
    """Return `identity` with missing click ids taken from `url`; unusable ones are ignored.

    If `url` contains an id twice, the last one counts.
    """
    needs_epik = identity.epik is None and _EPIK in url
    needs_ttclid = identity.ttclid is None and _TTCLID in url
    if not needs_epik and not needs_ttclid:
        return identity
    query = query_of(url)
    return replace(
        identity,
        epik=opaque(query.get("epik", ""))[0] if needs_epik else identity.epik,
        ttclid=ttclid(query.get("ttclid", ""))[0] if needs_ttclid else identity.ttclid,
    )
