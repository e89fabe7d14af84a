"""What a probe tells of a TIC line."""

import pytest

from submeter.sources.tic.decoder import Mode
from submeter.sources.tic.listening import BAUDRATES, TicProbe
from tooling.tic import Historique, Linky
from tooling.tic_pme_pmi import PmePmi


@pytest.mark.parametrize(
    ("data", "mode", "meter", "label", "said"),
    [
        (Linky(seed=7).next_frame(), Mode.STANDARD, "042276000007", "VTIC", "02"),
        (Historique(seed=7).next_frame(), Mode.HISTORIQUE, "021600000007", "OPTARIF", "BASE"),
        (PmePmi().next_frame(), Mode.PME_PMI, "041436028024", "PS", "250kVA"),
    ],
)
def test_what_is_heard(data: bytes, mode: Mode, meter: str, label: str, said: str) -> None:
    probe = TicProbe()
    for start in range(0, len(data), 7):
        probe.feed(data[start : start + 7])
    assert (probe.mode, probe.meter, probe.labels[label]) == (mode, meter, said)
    assert (probe.frames, probe.bad, probe.error_rate) == (1, 0, 0.0)
    assert probe.good == len(probe.labels)


def test_a_time_stamp_is_shown_too() -> None:
    probe = TicProbe()
    probe.feed(Linky().next_frame())
    assert probe.labels["DATE"] == "H240116222900"


def test_noise_has_no_mode() -> None:
    probe = TicProbe()
    probe.feed(b"\nxyz\r\n\x80\x81\r")
    assert (probe.mode, probe.meter, probe.good, probe.bad) == (None, None, 0, 2)
    assert probe.error_rate == 1.0
    assert not probe.labels


def test_damage_shows_in_the_error_rate() -> None:
    probe = TicProbe()
    probe.feed(Linky(phases=1).next_frame().replace(b"EASF", b"EASX"))
    assert probe.error_rate == pytest.approx(10 / 38)


def test_labels_that_damage_makes_are_bounded() -> None:
    probe = TicProbe()
    for number in range(5000):
        zone = f"X{number} 1"
        probe.feed(f"\n{zone} {chr(sum(map(ord, zone)) % 64 + 32)}\r".encode())
    assert probe.good == 5000
    assert len(probe.labels) <= 200


def test_the_rates_to_try() -> None:
    assert set(BAUDRATES) == {1200, 2400, 4800, 9600, 19200}
