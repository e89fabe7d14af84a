"""The numbers in docs/clamps.md follow from its formulas, and its examples are configurations."""

import math
import re

import pytest
import yaml

from submeter.sources.rp2040.settings import Rp2040Settings
from tooling.program import CHECKOUT

PAGE = (CHECKOUT / "docs" / "clamps.md").read_text(encoding="utf-8")
FULL = 1.65  # V, peak, from the bias to the end of the converter
EXAMPLES = [yaml.safe_load(each) for each in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.S | re.M)]


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so."""
    (body,) = re.findall(rf"^\| {re.escape(head)}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in body.splitlines()]


def number(text: str) -> float:
    found = re.search(r"[\d.]+", text)
    assert found, text
    return float(found[0])


def test_dividers() -> None:
    found = rows("unloaded at 230 V")
    assert len(found) == 4
    for unloaded, upper, lower, volts, full in found:
        at_input = number(unloaded) * number(lower) / (number(upper) + number(lower))
        assert number(volts) == pytest.approx(at_input, abs=5e-4)
        assert number(full) == pytest.approx(230 * FULL / (math.sqrt(2) * number(volts)), abs=0.5)


def test_burdens() -> None:
    found = rows("clamp | turns")
    assert len(found) == 7
    for _, turns, burden, settings, full in found:
        volts, current = map(float, re.findall(r"([\d.]+) [VA]", settings))
        if turns:
            assert volts == pytest.approx(current / number(turns) * number(burden), rel=1e-6)
        assert number(full) == pytest.approx(current * FULL / (math.sqrt(2) * volts), abs=0.5)


def test_the_values_of_the_drawing_are_those_of_the_text() -> None:
    assert {"R1 15 kΩ", "R2 1 kΩ", "Rs 1 kΩ", "Rs 2 kΩ"} <= set(
        re.findall(r"\[(R\w \d+ kΩ)\]", PAGE)
    )
    assert PAGE.count("[47 nF]") == 2
    for resistance in (1000 + 15_000 * 1000 / 16_000, 2000 + 20):
        corner = 1 / (2 * math.pi * resistance * 47e-9)
        assert corner == pytest.approx(1700, rel=0.03)


def test_what_the_filter_takes_from_harmonics() -> None:
    head, *_ = re.findall(r"^\| harmonic of 50 Hz (.*)\|$", PAGE, re.MULTILINE)
    (losses,) = rows("harmonic of 50 Hz")
    orders = [float(each) for each in re.findall(r"\d+", head)]
    assert len(orders) == len(losses) - 1 == 7
    for order, loss in zip(orders, losses[1:], strict=True):
        passed = math.hypot(1, 50 / 1700) / math.hypot(1, 50 * order / 1700)
        assert float(loss) == pytest.approx(100 * (1 - passed), abs=0.06)


def test_errors_of_the_angle() -> None:
    factors = [1, 0.95, 0.9, 0.8, 0.5]
    found = rows("error of the angle | PF 1")
    assert [number(row[0]) for row in found] == [0.5, 1, 2, 4]
    for angle, *errors in found:
        for factor, error in zip(factors, errors, strict=True):
            turned = math.cos(math.acos(factor) + math.radians(number(angle))) / factor - 1
            assert number(error) == pytest.approx(abs(100 * turned), abs=0.06)


def test_examples() -> None:
    sources = [source["rp2040"] for example in EXAMPLES for source in example["sources"]]
    assert len(sources) == 1
    for each in sources:
        assert Rp2040Settings.model_validate(each).clamp.current is not None


def test_settings_that_are_named_exist() -> None:
    """Those in backquotes that look like a path of keys."""
    transformer = re.findall(r"`voltage: (\{[^`]*\})`", PAGE)
    assert len(transformer) == 1
    found = Rp2040Settings.model_validate(
        {"board": "e66038b7", "voltage": yaml.safe_load(transformer[0])}
    )
    assert found.voltage is not None
    assert found.voltage.volts < 0.75 < found.voltage.mains
    for path in ("voltage.volts", "clamp.volts", "clamp.current", "voltage_at", "creep"):
        assert f"`{path}" in PAGE
        key, _, inner = path.partition(".")
        field = getattr(found, key)
        assert not inner or inner in type(field).model_fields
