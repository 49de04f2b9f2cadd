"""What `relay sandbox` says at its start."""

import pytest

from relay.cli.serving.sandbox import greeting


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://localhost:8090", "http://localhost:8090"),
        ("http://0.0.0.0:8090", "http://127.0.0.1:8090"),
        ("http://[::]:8090", "http://[::1]:8090"),
    ],
)
def test_a_base_url_is_offered_that_the_settings_accept(url: str, told: str) -> None:
    """Plain http is for loopback addresses only; 0.0.0.0 is none."""
    assert f'base_url = "{told}"' in greeting(url, "ok")
    assert f"shown at {told}/ " in greeting(url, "ok")
