"""Click ids that only the address of the page holds.

Pinterest takes a click id from its own field alone, not from an address ("Conversions API", v5,
`click_id`); TikTok advises sending its own in both ("Send TikTok click ID", 2026). So an id that
the producer did not name is read from the address; one that it named, such as that of a cookie,
goes first. An event still needs an identifier in `user`: a link is no person.
"""

from typing import Final

from msgspec.structs import replace

from relay.identity import Identity
from relay.identity.device import opaque, ttclid
from relay.intake.page import query_of

_EPIK: Final = "epik="
_TTCLID: Final = "ttclid="


def with_click_ids(identity: Identity, url: str) -> Identity:
    """Return `identity` with the click ids of `url` where it has none; unusable ones are ignored.

    Of an id that is there twice, the last counts.
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
