"""What the messages of a meter come to, and every trouble with them."""

import logging
from dataclasses import dataclass, field

import pytest

from submeter.errors import Condition
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.dlms import security
from submeter.sources.dlms.counters import Counters
from submeter.sources.dlms.keys import Keys
from submeter.sources.dlms.pushes import Pushes
from submeter.sources.dlms.transport import Transport
from submeter.sources.dlms.weak_guard import WeakGuard
from submeter.sources.translation.translator import Translator
from tooling import dlms_pusher
from tooling.dlms_pusher import KEYS, Meter

IMPORT = "Active_Energy_Import"
ALONE = Keys(KEYS.encryption)


@dataclass
class Ear:
    """Pushes behind a transport of their own."""

    map: str = "obis-swiss-vse"
    keys: Keys | None = KEYS
    meter: str | None = None
    check_counter: bool = True
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        loaded = source_map.load(self.map)
        guard = WeakGuard(loaded.largest_power)
        self.pushes = Pushes(
            "one",
            loaded,
            Translator(loaded, guard=guard),
            guard,
            self.keys,
            self.counters,
            meter=self.meter,
            check_counter=self.check_counter,
        )
        self.transport = Transport()

    def hear(self, stream: bytes) -> Update | None:
        (apdu,) = self.transport.feed(stream)
        return self.pushes.understand(apdu, 0.0)

    def values(self, stream: bytes) -> dict[str, float]:
        update = self.hear(stream)
        return {name: value.number for name, value in update.values.items()} if update else {}


def sealed(meter: Meter, keys: Keys = KEYS, control: int = 0x30) -> bytes:
    return dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter), keys, control))


def test_a_ciphered_object_list_becomes_points() -> None:
    ear, meter = Ear(), Meter()
    stream = sealed(meter)
    update = ear.hear(stream)
    assert update is not None
    numbers = {name: value.number for name, value in update.values.items()}
    assert numbers[IMPORT] == 4_408_736_000  # mWh
    assert numbers["Active_Power_Total"] == pytest.approx(2.893)
    assert numbers["Voltage_L1_N"] == 231
    assert numbers["Current_L1"] == pytest.approx(12.59)
    assert numbers["Power_Factor_Total"] == pytest.approx(0.987)
    assert update.instrument == "LGZ677370B177"
    assert update.clock is not None
    assert update.clock.utc == meter.utc
    assert ear.pushes.identity == meter.serial
    assert not ear.pushes.trouble


@pytest.mark.parametrize("form", dlms_pusher.every_form(Meter()))
def test_every_form_says_the_same(form: str) -> None:
    meter = Meter()
    keys = KEYS if "sealed" in form else None
    name = "obis-austria-pairs" if "pairs" in form else "obis-swiss-vse"
    ear = Ear(name, keys)
    if "M-Bus" in form:
        stream = dlms_pusher.every_form(meter)[form]
        first = ear.values(stream)
        assert (IMPORT in first) is ("sealed" in form)  # a sum of an octet wants a second reading
        meter.utc += 5
    values = ear.values(dlms_pusher.every_form(meter)[form])
    assert values[IMPORT] == 4_408_736_000
    assert values["Active_Energy_Export"] == 12_345_000
    assert values["Current_L1"] == pytest.approx(12.59)


def test_places_become_points() -> None:
    ear = Ear("obis-austria-positional", None)
    serial = "1LGZ0072999211"
    said: list[int | str] = [231, 232, 233, 1259, 0, 5, 2893, 0, 4_408_736, 12_345, serial]
    values = ear.values(dlms_pusher.in_frames(dlms_pusher.placed(said)))
    assert values[IMPORT] == 4_408_736_000
    assert values["Current_L1"] == pytest.approx(12.59)
    assert values["Voltage_L3_N"] == 233
    assert ear.pushes.identity == serial
    # One value more is another layout, and nothing is guessed.
    assert ear.values(dlms_pusher.in_frames(dlms_pusher.placed([1, *said]))) == {}


def test_a_wrong_key_is_one_state_until_it_is_right(caplog: pytest.LogCaptureFixture) -> None:
    ear, meter = Ear(), Meter()
    for _ in range(3):
        assert ear.hear(sealed(meter, Keys(bytes(16), bytes(16)))) is None
    assert ear.pushes.trouble is Condition.WRONG_KEY
    assert len([each for each in caplog.messages if "event=dlms_trouble" in each]) == 1
    assert ear.values(sealed(meter))[IMPORT] > 0
    assert not ear.pushes.trouble
    assert ear.pushes.refused == 3


def test_a_wrong_key_shows_without_the_authentication_key_too() -> None:
    ear, meter = Ear(keys=Keys(bytes(16))), Meter()
    for _ in range(50):
        assert ear.hear(sealed(meter)) is None
        assert ear.pushes.trouble is Condition.WRONG_KEY


def test_without_the_authentication_key_values_come_and_it_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ear, meter = Ear(keys=ALONE), Meter()
    assert ear.values(sealed(meter, control=0x20))[IMPORT] == 4_408_736_000
    assert ear.values(sealed(meter))[IMPORT] == 4_408_736_000
    told = [each for each in caplog.messages if "event=dlms_not_proved" in each]
    assert told == ["event=dlms_not_proved source=one meter=LGZ677370B177"]


def test_without_a_key_it_is_said_that_one_is_needed() -> None:
    ear = Ear(keys=None)
    assert ear.hear(sealed(Meter())) is None
    assert ear.pushes.trouble is Condition.NO_KEY


def test_with_keys_a_plain_message_is_not_taken() -> None:
    ear = Ear()
    assert ear.hear(dlms_pusher.in_blocks(dlms_pusher.listed(Meter()))) is None
    assert ear.pushes.trouble is Condition.WRONG_KEY


def test_a_message_that_was_sent_before_is_refused() -> None:
    ear, meter = Ear(), Meter()
    old = sealed(meter)
    new = sealed(meter)
    assert ear.hear(old) is not None
    assert ear.hear(old) is None
    assert ear.pushes.trouble is Condition.REPLAYED
    assert ear.hear(new) is not None
    assert not ear.pushes.trouble
    assert ear.hear(old) is None
    again = Ear(counters=ear.counters)
    assert again.hear(new) is None
    assert Ear(check_counter=False, counters=ear.counters).hear(new) is not None


def test_damage_does_not_move_the_counter() -> None:
    ear, meter = Ear(keys=ALONE), Meter()
    far = Meter(counter=2**31)
    assert ear.hear(sealed(far, Keys(bytes(16), bytes(16)))) is None
    assert ear.hear(sealed(meter)) is not None


def test_what_anybody_can_have_written_does_not_shut_the_meter_out() -> None:
    ear, meter = Ear(keys=ALONE), Meter()
    forger = Meter(counter=2**32 - 2, values={"1-0:1.8.0*255": (999, 0, "Wh")})
    assert ear.hear(sealed(forger, Keys(bytes(16), bytes(16)), 0x10)) is None
    assert ear.pushes.trouble is Condition.NO_KEY
    assert ear.counters.saved() == {}
    assert ear.hear(sealed(meter, control=0x20)) is not None


def test_noise_that_happens_to_be_a_message_does_not_move_the_counter() -> None:
    ear, meter = Ear(keys=ALONE), Meter()
    for said in (dlms_pusher.placed([5]), dlms_pusher.placed([], meter.moment())):
        far = Meter(counter=2**31)
        assert ear.hear(dlms_pusher.in_blocks(far.sealed(said, ALONE, 0x20))) is None
    assert ear.counters.saved() == {}
    assert ear.hear(sealed(meter, control=0x20)) is not None
    assert list(ear.counters.saved().values()) == [meter.counter]


def test_another_meter_does_not_move_the_counter_of_the_one_expected() -> None:
    ear, meter = Ear(meter="LGZ1"), Meter()
    assert ear.hear(sealed(meter)) is None
    assert ear.counters.saved() == {}


def test_a_map_that_finds_nothing_is_told_after_three_messages() -> None:
    ear, meter = Ear("obis-austria-wien", None), Meter()
    for n in range(4):
        assert ear.pushes.trouble is (None if n < 3 else Condition.WRONG_LAYOUT)
        ear.hear(dlms_pusher.in_frames(dlms_pusher.paired(meter)))
    ear.hear(dlms_pusher.in_frames(dlms_pusher.placed(["clock", 1, 2, 3, 4, 5, 6, 7, 8])))
    assert not ear.pushes.trouble


def test_messages_of_another_kind_are_a_wrong_layout() -> None:
    ear = Ear("obis-swiss-vse", None)
    for n in range(4):
        assert ear.pushes.trouble is (None if n < 3 else Condition.WRONG_LAYOUT)
        assert ear.hear(dlms_pusher.in_frames(b"\xc2\0 event notification")) is None
    ear.hear(dlms_pusher.in_frames(dlms_pusher.listed(Meter())))
    assert not ear.pushes.trouble


def test_units_that_do_not_fit_are_a_wrong_layout() -> None:
    ear = Ear("obis-e450-annex", None)
    meter = Meter(values={"1-0:36.7.0*255": (5, 0, "W")})
    for _ in range(3):
        assert not ear.values(dlms_pusher.in_frames(dlms_pusher.paired(meter, scaled=True)))
    assert ear.pushes.trouble is Condition.WRONG_LAYOUT


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [("LGZ1030655933512", True), ("LGZ677370B177", True), ("LGZ1030655933513", False)],
)
def test_another_meter_than_the_one_expected(wanted: str, taken: bool) -> None:
    ear = Ear(meter=wanted)
    assert (ear.hear(sealed(Meter())) is not None) is taken
    assert ear.pushes.trouble is (None if taken else Condition.OTHER_METER)


def test_a_meter_that_does_not_say_who_it_is_is_not_the_one_expected() -> None:
    ear = Ear("obis-austria-pairs", None, meter="LGZ1")
    assert ear.hear(dlms_pusher.in_frames(dlms_pusher.paired(Meter()))) is None
    assert ear.pushes.trouble is Condition.OTHER_METER


def test_the_serial_number_is_forgotten_when_another_meter_ciphers() -> None:
    ear, meter = Ear("obis-standard", meter="LGZ1030655933512"), Meter()
    first, mute, told = dlms_pusher.listed(meter), dlms_pusher.paired(meter), Meter(serial="OTHER")

    def hear(counter: int, title: bytes, apdu: bytes) -> Update | None:
        return ear.hear(dlms_pusher.in_frames(security.seal(title, counter, apdu, KEYS)))

    assert hear(1, b"LGZ00001", first) is not None
    assert hear(2, b"LGZ00001", mute) is not None, "who it is was said before"
    assert hear(1, b"LGZ00002", mute) is None
    assert ear.pushes.trouble is Condition.OTHER_METER
    assert ear.pushes.identity == "LGZ3030303032"
    assert hear(2, b"LGZ00002", dlms_pusher.listed(told)) is None
    assert ear.pushes.identity == "OTHER"
    assert hear(3, b"LGZ00001", mute) is None
    assert hear(4, b"LGZ00001", first) is not None


def test_trouble_that_comes_and_goes_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    ear, meter = Ear(), Meter()
    for _ in range(20):
        stream = sealed(meter)
        ear.hear(stream)
        ear.hear(stream)
    assert len([each for each in caplog.messages if "event=dlms_trouble" in each]) == 1
    assert "event=dlms_meter source=one meter=LGZ1030655933512" in caplog.messages
    for _ in range(10):
        for _ in range(10):
            ear.hear(sealed(meter))
        ear.hear(stream)
        ear.hear(sealed(meter, Keys(bytes(16), bytes(16))))
    assert len([each for each in caplog.messages if "event=dlms_trouble" in each]) == 2


def test_no_key_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ear, meter = Ear(), Meter()
    ear.hear(sealed(meter, Keys(bytes(16), bytes(16))))
    ear.hear(sealed(meter))
    for key in (KEYS.encryption, KEYS.authentication or b""):
        assert key.hex() not in caplog.text.lower()
        assert repr(key) not in caplog.text
