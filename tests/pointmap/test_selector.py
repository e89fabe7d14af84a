"""How people are told which label of an instrument a value is of."""

import pytest

from submeter.pointmap.mbus_record import MbusRecord
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.tic_label import TicLabel


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        (MbusRecord(quantity="energy"), "energy"),
        (MbusRecord(quantity="energy", storage=1, tariff=2), "energy, storage 1, tariff 2"),
        (MbusRecord(quantity="voltage", vife=[0x7C, 1]), "voltage, vife [0x7C, 0x01]"),
        (MbusRecord(quantity="energy", vife=[]), "energy"),
        (MbusRecord(quantity="manufacturer", vif=[0xFF, 0x52]), "manufacturer, vif [0xFF, 0x52]"),
        (MbusRecord(quantity="power", function="maximum", subunit=1), "power, maximum, subunit 1"),
        (MbusRecord(quantity="voltage", nth=2), "voltage, nth 2"),
        (MbusRecord(quantity="plain text", unit_text="%RH"), "plain text, in '%RH'"),
        (ObisObject(obis="1-0:1.8.1"), "1-0:1.8.1"),
        (ObisObject(obis="1-0:1.8.0", others=["1.8.0"]), "1-0:1.8.0 or 1.8.0"),
        (ObisObject(obis="0-0:17.0.0", attribute=3), "0-0:17.0.0, attribute 3"),
        (ObisObject(place=3, among=12), "place 3 of 12"),
        (ObisObject(place=3, among=[12, 14]), "place 3 of 12 or 14"),
        (TicLabel(digits=[9]), ""),
    ],
)
def test_selector(label: MbusRecord | ObisObject | TicLabel, shown: str) -> None:
    assert label.selector == shown
