"""What all parts of one relay share: settings, clock, randomness, metrics and secrets."""

import random
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from relay.config import Config
from relay.config.proxy import proxy_of
from relay.config.secret import SecretSource
from relay.config.webhook import Followed
from relay.destinations import build
from relay.dispatch.transport import AiohttpTransport
from relay.metrics import Metrics
from relay.rules import Rules

FINGERPRINT_DIGITS: Final = 12


class Parts:
    """Made once from the configuration. `clock` returns Unix seconds."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        randomness: random.Random,
    ) -> None:
        self.config = config
        self.environ = environ
        self.clock = clock
        self.random = randomness
        self.metrics = Metrics()
        self.destinations = [build(name, each) for name, each in config.destinations.items()]
        self.emulated = [each.name for each in self.destinations if each.emulated]
        self.tokens = {
            name: SecretSource(each.token, environ, clock)
            for name, each in config.destinations.items()
        }
        self.shop_secrets = {
            name: SecretSource(shop.secret, environ, clock, is_token=False)
            for name, shop in config.sources.shopify.items()
        }
        password = config.admin.password
        self.admin_password = (
            None if password is None else SecretSource(password, environ, clock, is_token=False)
        )
        hook = config.notify.webhook
        self.webhook = None if hook is None else Followed(hook, environ, clock)
        self.proxy = proxy_of(config, environ)

    def transport(self) -> AiohttpTransport:
        """Return a new transport to the platforms and the webhook."""
        return AiohttpTransport(self.clock, proxy=self.proxy)

    def reload_secrets(self) -> None:
        """Read secrets from their files again now."""
        for secret in (*self.tokens.values(), *self.shop_secrets.values()):
            secret.reload()
        if self.admin_password is not None:
            self.admin_password.reload()
        if self.webhook is not None:
            self.webhook.reload()

    def fingerprint(self) -> str:
        """Return a digest that distinguishes these settings from others, without any secret."""
        return sha256(repr(self.config).encode()).hexdigest()[:FINGERPRINT_DIGITS]

    def rules(self) -> Mapping[str, Rules]:
        """Return, by destination, the rules for which events it does not get."""
        return {
            name: Rules(frozenset(each.events or ()), each.consent_required)
            for name, each in self.config.destinations.items()
        }
