"""Where to fix what pauses Pinterest: the screens, by the names that they show.

Sources (2026):
https://help.pinterest.com/en-gb/business/article/getting-started-with-the-conversions-api for the
token, the OpenAPI description 5.23.0 at https://github.com/pinterest/api-description
(`events/create`) for who may send. Reasons that no screen of Pinterest fixes have no entry.
"""

from collections.abc import Mapping
from typing import Final

from relay.delivery import PauseReason

_TOKEN: Final = "Ads Manager → Conversions → Conversions API → Set up API → Generate new token"  # noqa: S105 - a screen
_PLACE: Final = (
    "Whoever runs this relay puts it, with the pina_ that it begins with, where `token` of this "
    "destination points: a file is read again by itself, an environment variable after a restart."
)
_SET: Final = "Whoever runs this relay changes it in the settings, and restarts it."
_NEW: Final = f"Make a new one in {_TOKEN}. {_PLACE}"

FIXES: Final[Mapping[PauseReason, str]] = {
    "token_missing": f"Have one made in {_TOKEN}. {_PLACE}",
    "token_rejected": f"{_NEW} A token ends when its user changes the password or loses the role.",
    "token_expired": _NEW,
    "no_permission": (
        "In Ads Manager → Business Access, have the owner of this ad account give the token's user "
        "one of the roles Admin, Analyst, Audience or Campaign on it, and compare "
        "`ad_account_id` with the id in the address of Ads Manager. A token of a developer's app "
        "needs the scope `ads:write`."
    ),
    "account_not_found": (
        "Open this ad account in Ads Manager: the number in the page's address belongs in "
        f"`ad_account_id`; the id of the tag is another one. {_SET}"
    ),
}
