"""The report of `submeter check`."""

from pathlib import Path

import pytest

from submeter import check, config, plan

TEXT = """\
site: "Park [/A] :smile:"
store: {path: x.db}
meters:
  - name: one
    unit_id: 3
    sources:
      - simulated: {seed: 7}
    bacnet: {name_prefix: "[b]."}
modbus: {tcp: {host: 127.0.0.1, port: 1502}}
bacnet: {address: 127.0.0.2/8, device_id: 12}
"""


def test_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    path = tmp_path / "config.yaml"
    path.write_text(TEXT, encoding="utf-8")
    loaded = config.load(path)
    check.show(loaded, plan.make(loaded))
    lines = capsys.readouterr().out.splitlines()
    rows = {
        cells[0]: cells[1:]
        for cells in ([cell.strip() for cell in line.strip("│").split("│")] for line in lines)
        if len(cells) == 4
    }
    assert not [line for line in lines if line.startswith("note:")]
    assert "names '[b]....'" in lines[0]
    assert len(rows) == 64
    assert rows["Active_Energy_Import"] == ["kWh", "simulated", "measured"]
    assert rows["Communication_Status"] == ["", "the meter itself", "measured"]
    assert rows["Tamper_Alarm"] == ["", "", "absent"]
    assert "  Modbus TCP on 127.0.0.1 port 1502" in lines
    assert "  BACnet/IP on 127.0.0.2/8 port 47808, device 12 'Park [/A] :smile:'" in lines
    assert lines[-1] == f"{path}: good, 1 meters"
