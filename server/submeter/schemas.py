"""The JSON Schemas of everything that people write, for editors that check while they type."""

import json
from pathlib import Path

from pydantic import BaseModel

from submeter.config import Config
from submeter.errors import SubmeterError
from submeter.pointmap.meter_file import MeterMapFile
from submeter.pointmap.points import PointList
from submeter.pointmap.source_map import SourceMapFile

KINDS: dict[str, type[BaseModel]] = {
    "config": Config,
    "meter-map": MeterMapFile,
    "source-map": SourceMapFile,
    "points": PointList,
}


def text(kind: str) -> str:
    """Return the schema of `kind`, a key of KINDS, as JSON text."""
    schema = KINDS[kind].model_json_schema()
    if kind == "points":
        # The name is the key of the entry; only the loaded point has it as a field.
        point = schema["$defs"]["PointEntry"]
        point["required"].remove("name")
        del point["properties"]["name"]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> list[Path]:
    """Write every schema to `folder` as KIND.schema.json and return the paths."""
    paths = []
    for kind in KINDS:
        path = folder / f"{kind}.schema.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text(kind), encoding="utf-8")
        except OSError as error:
            raise SubmeterError(f"cannot write {path}: {error.strerror}") from None
        paths.append(path)
    return paths
