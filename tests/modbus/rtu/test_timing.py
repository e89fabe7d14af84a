import pytest

from submeter.modbus.rtu import timing


@pytest.mark.parametrize(
    ("baudrate", "milliseconds"), [(9600, 4.0104), (19200, 2.0052), (38400, 1.75), (115200, 1.75)]
)
def test_the_silence_between_frames(baudrate: int, milliseconds: float) -> None:
    assert timing.silence(baudrate) * 1000 == pytest.approx(milliseconds, abs=0.0001)


def test_the_time_of_a_frame() -> None:
    assert timing.duration(8, 9600) == pytest.approx(8 * 11 / 9600)


@pytest.mark.parametrize("baudrate", [9600, 19200, 38400])
def test_patience_outlasts_a_piece_of_32_bytes_and_is_over_before_a_master_asks_again(
    baudrate: int,
) -> None:
    assert timing.duration(32, baudrate) < timing.PAUSE <= timing.patience(baudrate) < 0.1
    assert timing.patience(baudrate) < timing.longest(baudrate) < 0.35
