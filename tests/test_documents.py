"""What the documents say is what the program does."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from submeter.config import Config, MeterEntry, StoreSettings
from submeter.meter import settings
from submeter.meter.access_settings import AccessSettings
from submeter.meter.alarm_settings import AlarmSettings, MidCertificate
from submeter.meter.interval import LENGTH, Interval, Spread
from submeter.meter.line_settings import FORMATS
from submeter.meter.trouble import Reason
from submeter.modbus.settings import RtuSettings, TcpSettings
from submeter.pointmap import points
from submeter.store.page import Page, SampleRow
from submeter.store.store import Store
from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import CHECKOUT, eventually, loopback, run, running, write

README = (CHECKOUT / "README.md").read_text()
EXAMPLE = CHECKOUT / "config.example.yaml"
PAGES = {page.stem: page.read_text() for page in sorted((CHECKOUT / "docs").glob("*.md"))}
BEGIN = 1_795_272_300 // LENGTH * LENGTH  # UTC s
SOURCE = "".join(
    # Texts that go on in the next line are put together.
    re.sub(r'"\n\s*f?"', "", each.read_text())
    for each in sorted((CHECKOUT / "server" / "submeter").rglob("*.py"))
)


def command(beginning: str) -> str:
    """Return the one command in the README that begins so."""
    found = re.findall(rf"^{re.escape(beginning)}.*$", README, re.MULTILINE)
    assert len(found) == 1, found
    return str(found[0])


def answer_in_readme(pattern: str) -> float:
    found = re.search(pattern, README, re.MULTILINE)
    assert found
    return float(found[1])


def test_register_list_is_current() -> None:
    assert (CHECKOUT / "docs" / "registers.md").read_text() == run("map", "standard").stdout


def test_object_list_is_current() -> None:
    """Where it is not: submeter map standard --format objects > docs/objects.md."""
    shown = run("map", "standard", "--format", "objects").stdout
    assert (CHECKOUT / "docs" / "objects.md").read_text() == shown


def test_conformance_statement_is_current() -> None:
    """Where it is not: submeter map standard --format pics > docs/pics.md."""
    page, shown = (
        (CHECKOUT / "docs" / "pics.md").read_text(),
        run("map", "standard", "--format", "pics").stdout,
    )
    dates = [re.findall(r"^\| Date \| \d{4}-\d\d-\d\d \|$", text, re.M) for text in (page, shown)]
    assert [len(each) for each in dates] == [1, 1]
    assert page.replace(dates[0][0], "") == shown.replace(dates[1][0], "")


def test_example_is_good() -> None:
    ended = run("check", str(EXAMPLE))
    assert ended.returncode == 0, ended.stderr
    assert "meter linky: unit id 1" in ended.stdout
    assert "meter workshop: unit id 2" in ended.stdout
    assert "meter living-room: unit id 3" in ended.stdout


def test_every_link_leads_somewhere() -> None:
    for page in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_anchor_is_a_heading() -> None:
    for page, text in [("README", README), *PAGES.items()]:
        for target, anchor in re.findall(r"\]\((?:docs/)?(\w*)(?:\.md)?#([^)]+)\)", text):
            headings = re.findall(r"^#+ (.+)$", PAGES[target or page], re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings]
            assert anchor in slugs, f"{page}: {target}#{anchor}"


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of every table row on `page` below the first table head `heading`."""
    below = PAGES[page].split(f"\n{heading}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in below.split("\n")[1:]]


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)


def default_of(key: str) -> object:
    """Return the default of a key such as `meters[].demand.window`."""
    model: type[BaseModel] = Config
    *sections, last = key.replace("[]", "").split(".")
    for name in sections:
        annotation = model.model_fields[name].annotation
        parts = (annotation, *get_args(annotation))
        model = next(each for each in parts if isinstance(each, type) and _is_section(each))
    return model.model_fields[last].get_default(call_default_factory=True)


def _is_section(annotation: type) -> bool:
    return not get_args(annotation) and issubclass(annotation, BaseModel)


def test_defaults_of_the_keys() -> None:
    told = 0
    for keys, default, _ in rows("configuration", "| key | default | meaning |"):
        key, value = keys.strip("`"), default.strip("`")
        is_value = value != default or re.fullmatch(r"[0-9.]+", default)
        if is_value and key != "bacnet.device_name":  # its default is another key
            assert str(default_of(key)) == value.replace("false", "False").replace(
                "true", "True"
            ), key
            told += 1
    assert told > 15


@pytest.mark.parametrize(
    ("page", "model"), [("modbus", TcpSettings), ("rtu", RtuSettings)], ids=["modbus", "rtu"]
)
def test_keys_of_the_listeners(page: str, model: type[BaseModel]) -> None:
    found = {row[0].strip("`"): row[1] for row in rows(page, "| key | default | meaning |")}
    assert found.keys() == model.model_fields.keys()
    for key, default in found.items():
        value = model.model_fields[key].get_default(call_default_factory=True)
        if default.startswith("`") or default.isdecimal():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            assert default.strip("`") == text


def test_states_of_the_character_format() -> None:
    states = points.all_points()["Modbus_Character_Format"].states
    told = ", ".join(f"{key} = {text}" for key, text in states.items())
    assert f"| {told} |" in PAGES["configuration"]
    assert tuple(states.values()) == FORMATS


def test_every_key_is_told() -> None:
    told = PAGES["configuration"]
    for name in StoreSettings.model_fields:
        assert f"| `store.{name}` |" in told
    for name in MeterEntry.model_fields:
        assert f"| `meters[].{name}" in told
    for name, field in AccessSettings.model_fields.items():
        default = field.default if isinstance(field.default, int) else "none"
        assert f"| `access.{name}` | {default} |" in told


def test_settings_are_those_of_the_list() -> None:
    found = rows("configuration", "| point | default | allowed | effect now |")
    known = {n: p for n, p in points.all_points().items() if p.group == "configuration"}
    assert {row[0].strip("`") for row in found} == known.keys()
    for name, default, allowed, _ in found:
        point = known[name.strip("`")]
        if " = " not in allowed:  # the texts of the states stand there too
            assert allowed == settings.allowed(point)
        if "`" not in default:
            assert default == ("none" if point.default is None else f"{point.default:g}"), name


def test_delays_of_the_alarms() -> None:
    defaults = AlarmSettings().model_dump()
    found = rows("alarms", "| point | key | on when | off when | delays on, off |")
    assert {row[1].strip("`") for row in found} == defaults.keys()
    for _, key, on, off, delays in found:
        alarm = defaults[key.strip("`")]
        assert delays == f"{alarm['on_delay']:g} s, {alarm['off_delay']:g} s", key
        for name in ("below", "above", "deadband", "tolerance", "hysteresis"):
            if name in alarm:
                assert re.search(rf"\b{alarm[name]:g}\b", on + off), f"{key} {name}"


def test_reasons_of_meter_error() -> None:
    found = rows("alarms", "| `Meter_Error_Reason` | | what to do |")
    assert [int(row[0]) for row in found] == sorted(Reason)
    assert len(points.all_points()["Meter_Error_Reason"].states or ()) == len(found)


def test_events_of_the_audit_log() -> None:
    told = {
        name
        for row in rows("store", "| event | when |")
        for name in re.findall(r"`([a-z_-]+)`", row[0])
    }
    assert all(f'"{name}"' in SOURCE for name in told), told
    calls = re.findall(r'(?:\.note|_note|_told|Event)\(\s*((?:"[a-z_]+"|[a-z ])+),', SOURCE)
    noted = {name for call in calls for name in re.findall(r'"([a-z_]+)"', call)}
    noted -= {"state"}  # a note of the store
    assert noted - told == set()
    assert len(noted) > 20


def test_lines_about_a_store_in_trouble() -> None:
    for line, _ in rows("store", "| the line says | then |"):
        assert line.strip("`").removesuffix("...").strip() in SOURCE, line


async def test_size_of_a_row(tmp_path: Path) -> None:
    everything = [p for p in points.all_points().values() if p.group != "extension"]
    indexes = [each.name for each in everything if each.kind == "index"]
    values = {each.name: 229.4 if each.kind == "analog" else 1 for each in everything}
    values |= dict.fromkeys(indexes, 29_488_335_000)
    spread = Spread(229.1, 230.2, 231.3)
    samples = [SampleRow(BEGIN + 60 * n, "main", values, None) for n in range(1000)]
    intervals = [
        Interval(
            meter="main",
            start=BEGIN + LENGTH * n,
            end=BEGIN + LENGTH * (n + 1),
            indexes=dict.fromkeys(indexes, (29_488_335_000, 29_488_336_000)),
            power=spread,
            voltages=(spread, spread, spread),
            quality="measured",
            covered=LENGTH,
            recovered=False,
            stepped=False,
        )
        for n in range(1000)
    ]
    told = rows("store", "| | B a row | one meter, at the defaults |")
    for (name, size, _), page in zip(
        told, (Page(samples=samples), Page(intervals=intervals)), strict=True
    ):
        path = tmp_path / f"{name[:6]}.db"
        store = Store.open(path, everything)
        await store.close()
        empty = path.stat().st_size
        store = Store.open(path, everything)
        await store.commit(page)
        await store.close()
        assert (path.stat().st_size - empty) / 1000 == pytest.approx(int(size), rel=0.15), name


@pytest.mark.parametrize("page", ["meter", "alarms"])
def test_configurations_in_documents_are_good(page: str, tmp_path: Path) -> None:
    examples = [each for each in fenced(page, "yaml") if "meters:" in each]
    assert examples
    for number, example in enumerate(examples):
        text = example.replace("replay:examples", f"replay:{CHECKOUT / 'examples'}")
        ended = run("check", str(write(tmp_path / f"{number}.yaml", text)))
        assert ended.returncode == 0, ended.stderr


def test_certificate_in_documents_is_good() -> None:
    (text,) = [each for each in fenced("configuration", "yaml") if each.startswith("mid:")]
    assert MidCertificate.model_validate(yaml.safe_load(text)["mid"])


def test_every_command_in_the_readme_is_there() -> None:
    (table,) = re.findall(r"^\| command \| \|\n\|---\|---\|\n(.*?)\n\n", README, re.S | re.M)
    for line in table.split("\n"):
        first, *others = re.findall(r"`([^`]+)`", line.split("|")[1])
        words = first.split()[1:]
        for command_words in [words, *([*words[:-1], other] for other in others)]:
            assert run(*command_words, "--help").returncode == 0, command_words


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Poller]]:
    """Run a meter whose configuration is `config.yaml`, and give its folder and a poller."""
    folder = tmp_path_factory.mktemp("site")
    port = free_port()
    text = f"""
        site: Site
        store: {{commit: 1}}
        meters:
          - name: main
            unit_id: 1
            sources: [{{tic: {{port: "replay:{CHECKOUT / "examples" / "linky-three-phase.tic"}"}}}}]
        modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
    """
    config = write(folder / "config.yaml", text)
    with running(config, folder / "log"), Poller(port) as poller:
        eventually(lambda: poller.bit(1, 1001))
        yield folder, poller


def spoken(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a document in `folder`."""
    line = line.replace(".venv/bin/submeter", f"{sys.executable} -m submeter")
    line = re.sub(r"^python3", sys.executable, line)
    return subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=30, check=False, cwd=folder
    )


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("page", ["configuration", "store"])
def test_commands_in_documents_work(page: str, site: tuple[Path, Poller]) -> None:
    lines = [line for block in fenced(page, "sh") for line in block.strip().split("\n")]
    assert lines
    for line in lines:
        given = f"echo a-good-code | {line} --stdin" if line.endswith("passwd") else line
        ended = spoken(site[0], given)
        assert ended.returncode == 0, f"{line}: {ended.stdout}{ended.stderr}"
        if "verify" in line:
            assert re.match(r"\S+data/submeter.db: good; ", ended.stdout)


def test_backup_in_documents_is_a_store(site: tuple[Path, Poller]) -> None:
    (line,) = [each for each in PAGES["store"].split("\n") if ".backup(" in each]
    assert spoken(site[0], line).returncode == 0
    ended = run("verify", str(site[0] / "backup.db"))
    assert ": good; " in ended.stdout


def test_exchange_in_documents(site: tuple[Path, Poller]) -> None:
    block, answer = re.findall(r"```(?:sh)?\n(.*?)```", PAGES["meter"], re.DOTALL)[:2]
    reading = int(site[1].value(1, 30101, "int64")) + 20  # Wh; the connection carries that
    line = block.strip().replace("--old 29488.4", f"--old {reading / 1000:.3f}")
    assert line != block.strip()
    ended = spoken(site[0], line)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == answer.strip().replace("29488.400", f"{reading / 1000:.3f}")


def test_second_program_in_documents(site: tuple[Path, Poller]) -> None:
    (told,) = [each for each in PAGES["store"].split("\n") if each.startswith("another submeter (")]
    ended = spoken(site[0], ".venv/bin/submeter run config.yaml")
    assert ended.returncode == 1
    said = re.sub(r"pid \d+", "pid 13254", ended.stderr.strip()).replace(f"{site[0]}/", "")
    assert said == told


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the example and give its Modbus port once the Linky is heard."""
    port = free_port()
    folder = tmp_path_factory.mktemp("example")
    settings = ["--set", f"modbus.tcp.port={port}", "--set", f"bacnet.address={loopback(3)}/8"]
    settings += ["--set", f"store.path={folder / 'submeter.db'}", "--set", "store.commit=1"]
    with running(EXAMPLE, folder / "log", *settings), Poller(port) as poller:
        eventually(lambda: poller.bit(1, 1001))
        yield port


@pytest.mark.skipif(not shutil.which("mbpoll"), reason="mbpoll is not installed")
def test_readme_mbpoll_line(example: int) -> None:
    line = command("mbpoll").replace("-p 5020", f"-p {example}")
    output = subprocess.run(line.split(), capture_output=True, text=True, check=True).stdout
    assert "-- Polling slave 1..." in README
    polled = re.search(r"^\[1\]: \t([0-9.]+)$", output, re.MULTILINE)
    assert polled, output
    assert float(polled[1]) == pytest.approx(answer_in_readme(r"^\[1\]: \t([0-9.]+)$"), abs=1)


@pytest.mark.usefixtures("example")
def test_readme_bacnet_line(tmp_path: Path) -> None:
    line = command("echo").replace("192.0.2.5:47808", f"{loopback(3)}:47808")
    line = line.replace("192.0.2.5/24:47809", f"{loopback(4)}/8:47809")
    line = line.replace(".venv/bin/python", sys.executable)
    # The client leaves its history in the folder that it is called in.
    ended = subprocess.run(
        line, shell=True, capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path
    )
    read = float(ended.stdout.strip())
    assert read == pytest.approx(answer_in_readme(r"^(2[0-9]{2}\.[0-9])$"), abs=15)
