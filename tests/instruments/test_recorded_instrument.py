"""An instrument is looked for, recorded, and played again as the same source."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

from submeter.errors import Condition
from submeter.sources.tic.decoder import Mode
from tooling.instruments import Site, Sources
from tooling.instruments_tic import number, still
from tooling.program import eventually, run
from tooling.tic import Historique, Linky
from tooling.tic_emitter import TicEmitter

T1, T2, TARIFF = 31301, 31305, 31701


def test_probe_capture_and_replay(tmp_path: Path) -> None:
    blue = Historique(contract="HC")
    file = tmp_path / "blue.rec"
    with (
        TicEmitter(still(blue, Mode.HISTORIQUE), 1200, pause=0.3, link=tmp_path / "blue") as meter,
        TicEmitter(still(Linky()), pause=0.1, link=tmp_path / "linky") as other,
        ThreadPoolExecutor() as meanwhile,
    ):
        probe = meanwhile.submit(run, "probe", other.node)
        line = ("--baudrate", "1200", "--format", "7E1")
        done = run("capture", meter.node, str(file), *line, "--seconds", "1.5")
        assert done.returncode == 0, done.stderr
        sources: Sources = {
            "live": [{"tic": {"port": meter.node, "baudrate": 1200}}],
            "played": [{"tic": {"port": f"replay:{file}"}}],
        }
        site = Site(tmp_path, 66, sources)
        with site.running() as program:
            for name in sources:
                see(site, name, blue)
            assert program.stop() == 0
        see_probe(probe.result(), other.node)


def see_probe(done: CompletedProcess[str], node: str) -> None:
    assert done.returncode == 0, done.stderr
    for text in ("042276000001", "9600 7E1", "0.0 %", f"tic: {{port: {node}"):
        assert text in done.stdout, done.stdout


def see(site: Site, name: str, blue: Historique) -> None:
    night, day = number(blue, "HCHC"), number(blue, "HCHP")
    eventually(lambda: site.exact(name) == night + day)
    assert (site.exact(name, T1), site.exact(name, T2)) == (night, day)
    assert site.number(name, TARIFF) == 2
    site.becomes(name, Condition.ONLINE)
