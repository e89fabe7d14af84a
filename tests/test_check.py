"""The report of `submeter check`."""

from pathlib import Path

import pytest

from submeter import check, config, plan
from submeter.meter.unlock_code import hashed
from tooling.program import CHECKOUT, run, write

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


def test_settings_that_nobody_could_unlock_are_noted(tmp_path: Path) -> None:
    (tmp_path / "meters").mkdir()
    (tmp_path / "meters" / "bare.yaml").write_text(
        "title: Bare\nmodbus:\n  registers:\n"
        "    - {point: Demand_Interval, at: HR 1, type: float32}\nbacnet: {objects: standard}\n"
    )
    text = f"""\
        site: Park
        maps: .
        meters: [{{name: one, unit_id: 1, map: bare, sources: [simulated: {{}}]}}]
        access: {{networks: [192.0.2.0/24], unlock: "{hashed("secret12")}"}}
        modbus: {{tcp: {{port: 5020}}}}
        """
    ended = run("check", str(write(tmp_path / "config.yaml", text)))
    assert "note: meter 'one': map 'bare' has settings to write but no register" in ended.stdout
    ended = run("check", str(tmp_path / "config.yaml"), "--set", "meters.0.map=standard")
    assert "note:" not in ended.stdout


METERS = """\
site: x
store: {path: x.db}
meters:
  - {name: one, unit_id: 1, map: carlo-gavazzi-em340, sources: [{simulated: {seed: 7}}]}
  - {name: two, unit_id: 2, map: eastron-sdm630, sources: [{simulated: {seed: 8}}]}
  - name: three
    unit_id: 3
    map: carlo-gavazzi-em24
    sources: [{tic: {port: "replay:LINKY"}}]
  - name: four
    unit_id: 4
    map: carlo-gavazzi-em24
    when_stale: {absent: failure}
    sources: [{tic: {port: "replay:LINKY"}}]
modbus: {tcp: {host: 127.0.0.1, port: 1502}}
"""


def test_what_would_read_as_a_number_is_told_once_a_meter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    path = tmp_path / "config.yaml"
    linky = CHECKOUT / "examples" / "linky-three-phase.tic"
    path.write_text(METERS.replace("LINKY", str(linky)), encoding="utf-8")
    loaded = config.load(path)
    check.show(loaded, plan.make(loaded))
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert notes == [
        "note: meter one: a poller reads a number for Reverse_Phase_Sequence, never known: "
        "Carlo Gavazzi EM340 has no mark for that",
        "note: meter three: a poller reads a number for Power_Factor_L1, Power_Factor_L2, "
        "Power_Factor_L3, Power_Factor_Total, Frequency, never known: "
        "Carlo Gavazzi EM24 (RS485) has no mark for that",
    ]
