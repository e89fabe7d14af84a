import pytest

from submeter.modbus.counters import Bus, Counters
from submeter.modbus.serial_functions import alters, answer, restarts

COUNTS = {
    11: "bus_messages",
    12: "errors",
    13: "exceptions",
    14: "messages",
    15: "unanswered",
    16: "refusals",
    17: "busy",
    18: "overruns",
}


def counters() -> Counters:
    """Return counters that all show something else."""
    made = Counters(Bus())
    made._bus.messages = 11
    for sub, name in COUNTS.items():
        if sub != 11:
            setattr(made, name, sub)
    made.completed = 0x0108
    made.events.extend((0x20, 0x00))
    return made


def ask(pdu: str) -> bytes | None:
    return answer(counters(), 0x6D, bytes.fromhex(pdu))


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("07", "07 6d"),  # the example of V1.1b3, 6.7
        ("08 0000 a537", "08 0000 a537"),  # that of 6.8
        ("08 0000 0102 0304", "08 0000 0102 0304"),
        ("08 0001 0000", "08 0001 0000"),
        ("08 0001 ff00", "08 0001 ff00"),
        ("08 0002 0000", "08 0002 0003"),
        ("08 000a 0000", "08 000a 0000"),
        *((f"08 00{sub:02x} 0000", f"08 00{sub:02x} 00{sub:02x}") for sub in COUNTS),
        ("08 0014 0000", "08 0014 0000"),
        ("0b", "0b 0000 0108"),
        ("0c", "0c 08 0000 0108 000b 20 00"),
    ],
)
def test_answers(request_: str, reply: str) -> None:
    assert ask(request_) == bytes.fromhex(reply)


def test_listen_only_has_no_answer() -> None:
    assert ask("08 0004 0000") is None


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("07 00", 3),
        ("0b 00", 3),
        ("0c 00", 3),
        *(("08", 3), ("08 00", 3), ("08 0000", 3), ("08 0000 a5", 3), ("08 0000 a537 00", 3)),
        *((f"08 {sub:04x} 0000", 1) for sub in (3, 5, 6, 7, 8, 9, 19, 21, 22, 0x100, 0xFFFF)),
        ("08 0003", 1),  # before the data
        ("08 0001 00ff", 3),
        ("08 0001 ffff", 3),
        ("08 0001 0001", 3),
        *((f"08 00{sub:02x} 0001", 3) for sub in (2, 4, 10, *COUNTS, 20)),
        *((f"08 00{sub:02x}", 3) for sub in (1, 2, 4, 10, *COUNTS, 20)),
        *((f"08 00{sub:02x} 000000", 3) for sub in (1, 2, 4, 10, *COUNTS, 20)),
    ],
)
def test_exceptions(request_: str, code: int) -> None:
    pdu = bytes.fromhex(request_)
    assert ask(request_) == bytes((pdu[0] | 0x80, code))


def test_counts_are_shown_modulo_65536() -> None:
    made = counters()
    made.messages = 0x12345
    assert answer(made, 0, bytes.fromhex("08 000e 0000")) == bytes.fromhex("08 000e 2345")


def test_what_alters_others_answers() -> None:
    found = {sub for sub in range(65536) if alters(b"\x08" + sub.to_bytes(2) + b"\0\0")}
    assert found == {1, 4, 10, 20}
    for pdu in ("08", "08 01", "07", "0b", "0c", "06 0004 0000"):
        assert not alters(bytes.fromhex(pdu))


def test_what_is_heard_by_a_unit_that_only_listens() -> None:
    assert restarts(bytes.fromhex("08 0001 0000"))
    assert restarts(bytes.fromhex("08 0001 ff00"))
    assert not restarts(bytes.fromhex("08 0001 0001"))
    assert not restarts(bytes.fromhex("08 0000 0000"))
    assert not restarts(b"")
