"""The page for marketing teams: rendered on the server, usable without scripts, live with them.

`site` has the routes, `renderer` the templates, `asset` the static files; each screen has a module
of its own.
"""

from relay.admin.pages.link import Links
from relay.admin.pages.screen import ScreenContext
from relay.admin.pages.site import Pages

__all__ = ["Links", "Pages", "ScreenContext"]
