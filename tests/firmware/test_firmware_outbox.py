"""Lines wait for the host, and sampling does not."""

from tooling.firmware import load

outbox = load("core.outbox")


class Port:
    """Takes `room` bytes in each call, each of which lasts `us`."""

    def __init__(self, room: int, us: int = 0) -> None:
        self.room, self.us, self.now, self.sent = room, us, 0, b""

    def write(self, data: memoryview) -> int:
        self.now += self.us
        taken = bytes(data[: self.room])
        self.sent += taken
        return len(taken)

    def ticks(self) -> int:
        return self.now


def test_a_line_goes_out_in_pieces() -> None:
    port = Port(7)
    waiting = outbox.Outbox(port.write, port.ticks)
    waiting.put(b"one line\r\n")
    waiting.put(b"another\r\n")
    waiting.send()
    assert (port.sent, len(waiting)) == (b"one line\r\nanother\r\n", 0)


def test_a_port_that_takes_nothing_is_left_alone() -> None:
    port = Port(0)
    waiting = outbox.Outbox(port.write, port.ticks)
    waiting.put(b"line\r\n")
    waiting.send()
    assert len(waiting) == 1
    port.room = 100
    waiting.send()
    assert port.sent == b"line\r\n"


def test_a_slow_port_gets_no_more_than_a_little_time() -> None:
    port = Port(1, us=12_000)
    waiting = outbox.Outbox(port.write, port.ticks)
    waiting.put(b"line\r\n")
    waiting.send()
    assert port.sent == b"li"


def test_the_oldest_lines_give_way_but_for_one_that_is_half_way_out() -> None:
    port = Port(2)
    waiting = outbox.Outbox(lambda data: port.write(data) if not port.sent else 0, port.ticks)
    for number in range(100):
        waiting.put(b"line %d\r\n" % number)
        waiting.send()
    assert len(waiting) == 16
    after = outbox.Outbox(port.write, port.ticks)
    after._lines, after._sent = waiting._lines, waiting._sent
    after.send()
    lines = port.sent.split(b"\r\n")
    assert lines[:2] == [b"line 0", b"line 85"]
    assert lines[-2] == b"line 99"
