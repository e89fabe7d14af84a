"""Baud rate and character format are those of the line, whichever meter is asked."""

from collections.abc import Mapping

import pytest

from submeter.errors import WriteRefusedError
from submeter.meter.audit import Audit
from submeter.meter.line_settings import BAUDRATE, FORMAT, share
from submeter.meter.settings import Settings
from submeter.pointmap import points

AUDIT = Audit()
CONFIGURED = {BAUDRATE: 19_200, FORMAT: 0, "Modbus_Address": 1}


def settings(stored: Mapping[str, int] | None = None) -> Settings:
    return Settings(points.all_points().values(), CONFIGURED, stored or {})


def line(*each: Settings) -> list[tuple[int, str]]:
    told: list[tuple[int, str]] = []
    share(
        {f"meter {n}": one for n, one in enumerate(each)},
        lambda baudrate, form: told.append((baudrate, form)),
        AUDIT,
    )
    return told


def test_the_line_is_told_once_at_the_start() -> None:
    assert line(settings(), settings()) == [(19_200, "8E1")]


def test_a_change_in_one_meter_is_one_for_all() -> None:
    one, other = settings(), settings()
    told = line(one, other)
    other.set(BAUDRATE, 9600)
    assert one.value(BAUDRATE) == 9600
    one.set(FORMAT, 2)
    assert other.value(FORMAT) == 2
    assert told == [(19_200, "8E1"), (9600, "8E1"), (9600, "8N1")]


def test_the_value_again_is_no_change() -> None:
    one = settings()
    told = line(one, settings())
    one.set(BAUDRATE, 19_200)
    assert len(told) == 1


def test_what_was_set_before_prevails() -> None:
    one, other = settings(), settings({BAUDRATE: 38_400})
    assert line(one, other) == [(38_400, "8E1")]
    assert one.value(BAUDRATE) == 38_400
    assert other.origin(BAUDRATE) == "stored"


def test_of_two_that_were_set_the_first_prevails() -> None:
    one, other = settings({BAUDRATE: 9600}), settings({BAUDRATE: 38_400})
    assert line(one, other) == [(9600, "8E1")]
    assert other.value(BAUDRATE) == 9600


def test_a_reset_brings_all_back() -> None:
    one, other = settings(), settings()
    told = line(one, other)
    one.set(BAUDRATE, 9600)
    one.reset(BAUDRATE)
    assert other.value(BAUDRATE) == 19_200
    assert other.origin(BAUDRATE) == "configuration", "else the next start would keep it"
    assert told[-1] == (19_200, "8E1")


def test_a_change_is_told_to_the_audit_log_once() -> None:
    AUDIT.take()
    one, other, third = settings(), settings(), settings()
    line(one, other, third)
    assert AUDIT.take() == []
    other.set(BAUDRATE, 9600)
    (entry,) = AUDIT.take()
    assert (entry.event, entry.detail) == ("line_changed", "baudrate=9600 format=8E1")


def test_a_refused_value_changes_nothing() -> None:
    one = settings()
    told = line(one, settings())
    with pytest.raises(WriteRefusedError):
        one.set(BAUDRATE, 1200)
    assert len(told) == 1


def test_other_settings_are_each_meters_own() -> None:
    one, other = settings(), settings()
    told = line(one, other)
    one.set("Modbus_Address", 9)
    assert other.value("Modbus_Address") == 1
    assert len(told) == 1


def test_as_many_meters_as_a_line_can_have() -> None:
    many = [settings() for _ in range(247)]
    told = line(*many)
    many[100].set(BAUDRATE, 9600)
    assert {each.value(BAUDRATE) for each in many} == {9600}
    assert told == [(19_200, "8E1"), (9600, "8E1")]
