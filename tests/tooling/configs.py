"""A good configuration, and what is said of one that is not."""

from pathlib import Path

import pytest

from submeter import config
from submeter.errors import ConfigError

GOOD = """\
site: Park
meters:
  - name: one
    unit_id: 1
    sources:
      - simulated: {seed: 7}
  - name: two
    unit_id: 2
    sources:
      - tic: {port: /dev/ttyUSB0}
modbus:
  tcp: {host: 127.0.0.1, port: 1502}
bacnet: {device_id: 4000}
"""


def load(folder: Path, text: str, *overrides: str) -> config.Loaded:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    (folder / "own").mkdir(exist_ok=True)
    return config.load(path, overrides)


def faults(folder: Path, text: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *overrides)
    return [fault.removeprefix(f"{folder}/config.yaml:") for fault in caught.value.faults]
