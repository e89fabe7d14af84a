import pytest

from submeter.bacnet import quality
from submeter.meter.reading import Quality

NO_FAULT, NO_SENSOR, UNRELIABLE, COMMUNICATION_FAILURE = 0, 1, 7, 12
FINE, FAULT = b"\x82\x04\x00", b"\x82\x04\x40"


@pytest.mark.parametrize(
    ("word", "reliability", "flags"),
    [
        (Quality.MEASURED, NO_FAULT, FINE),
        (Quality.DERIVED, NO_FAULT, FINE),
        (Quality.ESTIMATED, NO_FAULT, FINE),
        (Quality.STALE, COMMUNICATION_FAILURE, FAULT),
        (Quality.FAILED, UNRELIABLE, FAULT),
        (Quality.ABSENT, NO_SENSOR, FAULT),
    ],
)
def test_translation(word: Quality, reliability: int, flags: bytes) -> None:
    assert quality.trust(word) == (bytes((0x91, reliability)), flags)


def test_every_quality_has_one() -> None:
    for word in Quality:
        assert quality.trust(word).status_flags == (FINE if word.good else FAULT)
