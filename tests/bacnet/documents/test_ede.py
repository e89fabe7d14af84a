"""The four EDE files: their exact form, and what they refer to."""

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from submeter.bacnet.documents import ede
from submeter.bacnet.documents.listed import Listed, Registers

HEAD = """\
# Engineering-Data-Exchange - B.I.G.-EU
PROJECT_NAME;x
VERSION_OF_REFERENCEFILE;1
TIMESTAMP_OF_LAST_CHANGE;04.01.2026
AUTHOR_OF_LAST_CHANGE;y
VERSION_OF_LAYOUT;2.3
#mandatory;mandatory;mandatory;mandatory;mandatory;optional;optional;optional;optional;optional;\
optional;optional;optional;optional;optional;optional;optional
# keyname;device obj.-instance;object-name;object-type;object-instance;description;\
present-value-default;min-present-value;max-present-value;settable;supports COV;hi-limit;\
low-limit;state-text-reference;unit-code;vendor-specific-address;notification-class
""".replace("\n", "\r\n")
POWER = Listed(
    device=4000,
    type=0,
    instance=1,
    name="Active_Power_Total",
    description="Total active power",
    minimum=-5000.0,
    maximum=5000.0,
    increment=0.1,
    unit=48,
    states=(),
    settable=False,
    cov=True,
    notification_class=None,
    registers=Registers(7, ("40001", "30007")),
)
ALARM = replace(
    POWER,
    type=3,
    instance=6,
    name="Tamper_Alarm",
    minimum=None,
    maximum=None,
    unit=None,
    states=("OK", "Open"),
    settable=True,
    cov=False,
    notification_class=1,
    registers=Registers(),
)
DIRECTION = replace(ALARM, type=19, instance=1, name="Direction", states=("a", "b", "c"))


def made(*objects: Listed) -> dict[str, str]:
    return ede.files("x", "y", date(2026, 1, 4), objects)


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_head_is_exact() -> None:
    assert made()["x_EDE.csv"] == HEAD
    assert list(made()) == ["x_EDE.csv", "x_StateTexts.csv", "x_Units.csv", "x_ObjTypes.csv"]


def test_an_analog_object() -> None:
    (row,) = table(made(POWER)["x_EDE.csv"])[8:]
    assert ";".join(row) == (
        "4000.Active_Power_Total;4000;Active_Power_Total;0;1;Total active power;;-5000;5000;N;Y;"
        ";;;48;7: 40001 30007;"
    )


def test_addresses_without_a_unit_and_a_unit_without_addresses() -> None:
    objects = [
        replace(POWER, registers=each) for each in (Registers(None, ("1", "2")), Registers(7))
    ]
    rows = table(made(*objects)["x_EDE.csv"])[8:]
    assert [row[15] for row in rows] == ["1 2", ""]


def test_an_object_with_states() -> None:
    (row,) = table(made(ALARM)["x_EDE.csv"])[8:]
    assert row[9:] == ["Y", "N", "", "", "1", "", "", "1"]


def test_the_companions() -> None:
    files = made(POWER, ALARM, DIRECTION, replace(ALARM, instance=7, name="Other"))
    assert files["x_StateTexts.csv"] == (
        "#Reference Number;Text 1 or Inactive-Text;Text 2 or Active-Text;Text 3\r\n"
        "1;OK;Open\r\n2;a;b;c\r\n"
    )
    assert files["x_Units.csv"] == "#Code;Unit Text\r\n48;kilowatts\r\n"
    assert files["x_ObjTypes.csv"] == (
        "#Code;Object Type\r\n0;analog-input\r\n3;binary-input\r\n19;multi-state-value\r\n"
    )
    references = [row[13] for row in table(files["x_EDE.csv"])[8:]]
    assert references == ["", "1", "2", "1"]


@pytest.mark.parametrize("text", ["a;b", 'a "b"', "é€", "a - b", "two  blanks"])
def test_every_text_comes_back(text: str) -> None:
    (row,) = table(made(replace(POWER, description=text))["x_EDE.csv"])[8:]
    assert row[5] == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=cmd|x!A1", " =cmd|x!A1"),
        ("+A1-P3", " +A1-P3"),
        ("-P3", " -P3"),
        ("@SUM(A1)", " @SUM(A1)"),
        ("a\nb\r\n\u2028=c", "a b  =c"),
        ("\n=a", " =a"),
    ],
)
def test_no_text_is_a_formula_or_ends_its_line(text: str, cell: str) -> None:
    files = made(replace(POWER, name=text, description=text, states=(text, "b")))
    (row,) = table(files["x_EDE.csv"])[8:]
    assert (row[0], row[2], row[5]) == (f"4000.{' '.join(text.splitlines())}", cell, cell)
    assert row[7] == "-5000"  # numbers stay numbers
    assert table(files["x_StateTexts.csv"])[1][1] == cell
    assert table(ede.files(text, text, date(2026, 1, 4), [])[f"{text}_EDE.csv"])[1][1] == cell


@pytest.mark.parametrize(
    ("number", "text"), [(4294967295.0, "4294967295"), (0.1, "0.1"), (0.0, "0"), (-1e-5, "-1e-05")]
)
def test_numbers_have_a_point_and_no_noise(number: float, text: str) -> None:
    (row,) = table(made(replace(POWER, maximum=number))["x_EDE.csv"])[8:]
    assert row[8] == text
