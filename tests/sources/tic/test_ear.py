"""What is believed of a TIC line on which a certain meter is expected."""

from submeter.errors import Condition
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.tic.decoder import Decoder, Group, Mode
from submeter.sources.tic.ear import Ear
from submeter.sources.translation.translator import Translator
from tooling.tic import Historique, Linky, frame
from tooling.tic_pme_pmi import PmePmi

MAPS = {
    Mode.STANDARD: source_map.load("tic-standard"),
    Mode.HISTORIQUE: source_map.load("tic-historique"),
    Mode.PME_PMI: source_map.load("tic-pme-pmi"),
}
LINKY, PME_PMI = Linky().groups(), PmePmi().groups()
OURS, OTHER = LINKY[0].data, "042276999999"


def ear(expected: str | None = OURS) -> Ear:
    return Ear("one", MAPS, lambda mode: Translator(MAPS[mode]), expected)


def understands(made: Ear, groups: list[Group], mode: Mode = Mode.STANDARD) -> Update | None:
    (decoded,) = Decoder().feed(frame(mode, groups))
    return made.understand(decoded, 0.0)


def test_only_frames_that_say_who_they_are_of_count_where_a_meter_is_expected() -> None:
    nameless = LINKY[1:]
    other = [Group("ADSC", OTHER), *nameless]
    made = ear()
    heard = []
    for groups in (LINKY, nameless, other, nameless, LINKY):
        heard.append((understands(made, groups) is not None, made.trouble))
    wrong = False, Condition.OTHER_METER
    # One without a name may be the first of another meter.
    assert heard == [(True, None), (False, None), wrong, wrong, (True, None)]


def test_a_short_frame_says_who_it_is_of() -> None:
    old = Historique()
    made = ear(old.groups()[0].data)
    short = [old.groups()[0], Group("ADPS", "042")]
    update = understands(made, short, Mode.HISTORIQUE)
    assert update
    assert update.values["Overload_Alarm"].number == 1


def test_any_frame_counts_where_no_meter_is_expected() -> None:
    assert understands(ear(None), LINKY[1:])


def test_a_slow_meter_s_values_may_be_older() -> None:
    made = ear(None)
    quick, slow = understands(made, LINKY), understands(made, PME_PMI, Mode.PME_PMI)
    assert quick
    assert slow
    assert (quick.max_age, slow.max_age) == (20, 40)
