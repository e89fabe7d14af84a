import logging

import pytest

from submeter.modbus.rtu.echo import Echo

ANSWER = b"answer"
SOONEST, LATEST = 10.007, 10.055


def sent(expected: bool = False) -> Echo:
    """Return an echo after an answer that has left at 10.000."""
    echo = Echo(expected, "/dev/ttyX")
    echo.sent(ANSWER, SOONEST, LATEST)
    return echo


@pytest.mark.parametrize("expected", [True, False])
def test_a_copy_at_once_is_ours(expected: bool) -> None:
    assert sent(expected).takes(ANSWER, 10.001)


def test_a_copy_is_ours_once() -> None:
    echo = sent()
    assert echo.takes(ANSWER, 10.001)
    assert not echo.takes(ANSWER, 10.001)


@pytest.mark.parametrize("expected", [True, False])
def test_a_copy_much_later_is_a_request(expected: bool) -> None:
    assert not sent(expected).takes(ANSWER, 10.1)


def test_an_expected_copy_may_come_late() -> None:
    assert sent(expected=True).takes(ANSWER, 10.04)


def test_another_frame_is_none_and_ends_it() -> None:
    echo = sent()
    assert not echo.takes(b"request", 10.001)
    assert not echo.takes(ANSWER, 10.001)


def test_a_line_without_echo_is_known_after_one_answer() -> None:
    echo = sent()
    assert not echo.takes(b"request", 10.2)
    echo.sent(ANSWER, SOONEST, LATEST)
    assert not echo.takes(ANSWER, 10.008)
    echo.sent(ANSWER, SOONEST, LATEST)
    assert echo.takes(ANSWER, 10.006), "nobody can be that quick"


def test_an_unexpected_echo_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    echo = sent()
    for _ in range(3):
        echo.sent(ANSWER, SOONEST, LATEST)
        assert echo.takes(ANSWER, 10.001)
    assert caplog.messages == ["event=rtu_echo where=/dev/ttyX set=modbus.rtu.echo"]


def test_an_expected_echo_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    assert sent(expected=True).takes(ANSWER, 10.001)
    assert not caplog.messages


def test_a_copy_that_is_a_request_does_not_prove_that_there_is_no_echo() -> None:
    echo = sent()
    assert not echo.takes(ANSWER, 10.2)
    echo.sent(ANSWER, SOONEST, LATEST)
    assert echo.takes(ANSWER, 10.02)
