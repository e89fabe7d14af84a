"""Messages repeat neither keys nor what stands below the names of secrets."""

import pytest

from submeter import config, unsaid
from submeter.errors import ConfigError
from tooling.program import CHECKOUT

KEY = "00112233445566778899AABBCCDDEEFF"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"'{KEY}'", "'...'"),
        (f"at {KEY.lower()}.keys", "at ....keys"),
        (f"0x{KEY}{KEY}", "..."),
        (" ".join(KEY[n : n + 4] for n in range(0, 32, 4)), "..."),
        (KEY[:31], KEY[:31]),
        ("/dev/serial/by-id/usb-FTDI_FT230X-if00-port0", None),
        ("x" + KEY, None),
    ],
)
def test_what_looks_like_a_key_is_masked(text: str, shown: str | None) -> None:
    assert unsaid.masked(text) == (text if shown is None else shown)
    assert unsaid.has_key(text) == (unsaid.masked(text) != text)


def test_data_are_shown_without_their_secrets() -> None:
    data = {"port": 1, "keys": {"a": 2}, "deep": [{"password": "p"}, KEY, 3, None], KEY: 4}
    shown = {"port": 1, "keys": "...", "deep": [{"password": "..."}, "...", 3, None], "...": 4}
    assert unsaid.without(data) == shown


@pytest.mark.parametrize(
    "override",
    [
        "meters.0.keys=47110815",
        f"site.{KEY}={KEY}",
        f"meters.999999={KEY}",
        "meters.0.name.password=47110815",
    ],
)
def test_an_override_does_not_repeat_a_secret(override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(CHECKOUT / "config.example.yaml", [override])
    told = " ".join(caught.value.faults)
    assert "--set" in told
    assert "4711" not in told
    assert KEY not in told
