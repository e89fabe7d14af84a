"""The unlock code as the present value of an object."""

import pytest

from bacnet.client import ANALOG_OUTPUT
from bacnet.site import BAD_TYPE, CLIENT, DENIED, STRANGER, Site, wish, wishes
from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE, ErrorAnswer, Pending
from submeter.meter import unlock_code
from submeter.meter.access_settings import AccessSettings

CODE = "correct horse"
TEXT_VALUE, INTERVAL = 40, 3
LOCKED = AccessSettings(networks=["192.0.2.0/24"], unlock=unlock_code.hashed(CODE))
EMPTY = encoding.text("")


@pytest.fixture
def site() -> Site:
    return Site(LOCKED)


def give(site: Site, code: str) -> object:
    return site.write(TEXT_VALUE, 1, encoding.text(code))


def set_interval(site: Site) -> object:
    return site.write(ANALOG_OUTPUT, INTERVAL, encoding.real(20), 8)


def test_the_code_opens_and_empty_text_closes(site: Site) -> None:
    assert set_interval(site) == DENIED
    assert give(site, CODE) is None
    assert set_interval(site) is None
    assert site.read(TEXT_VALUE, 1, 85) == EMPTY
    assert give(site, "") is None
    assert set_interval(site) == DENIED
    events = [event for event, _ in site.told()]
    assert events[:5] == ["write_refused", "unlocked", "setting_changed", "commanded", "locked"]
    assert events[5:] == ["write_refused"]


def test_a_wrong_code_is_refused_and_nowhere_to_be_read(site: Site) -> None:
    assert give(site, "wrong horse") == DENIED
    assert set_interval(site) == DENIED
    assert site.read(TEXT_VALUE, 1, 85) == EMPTY
    entries = site.entries()
    assert [entry.event for entry in entries] == ["unlock_refused", "write_refused"]
    assert not any("horse" in entry.detail for entry in entries)


def test_too_many_wrong_codes_cost_a_pause(site: Site) -> None:
    for _ in range(5):
        assert give(site, "wrong horse") == DENIED
    answer = site.writing.confirmed[15](wish(TEXT_VALUE, 1, encoding.text(CODE)), CLIENT)
    assert isinstance(answer, ErrorAnswer)  # at once, without any work


def test_the_work_is_for_another_thread(site: Site) -> None:
    answer = site.writing.confirmed[15](wish(TEXT_VALUE, 1, encoding.text(CODE)), CLIENT)
    assert isinstance(answer, Pending)
    assert set_interval(site) == DENIED
    assert answer.finish(answer.work()) is DONE
    assert set_interval(site) is None


def test_the_code_reaches_nobody_from_elsewhere(site: Site) -> None:
    content = encoding.text(CODE)
    assert site.write(TEXT_VALUE, 1, content, peer=STRANGER) == DENIED
    assert site.write(TEXT_VALUE, 1, content, number=28) == DENIED
    assert site.write(ANALOG_OUTPUT, INTERVAL, content) == BAD_TYPE
    assert site.write(TEXT_VALUE, 1, encoding.octets(CODE.encode())) == BAD_TYPE
    assert site.write(TEXT_VALUE, 1, encoding.NULL) == BAD_TYPE
    assert not any("horse" in entry.detail for entry in site.entries())


def test_a_character_set_that_is_not_known(site: Site) -> None:
    content = encoding.tagged(7, b"\x01\x03\x52" + CODE.encode())
    assert site.write(TEXT_VALUE, 1, content) == (2, 41)
    assert [event for event, _ in site.told()] == ["write_refused"]


def test_among_others_it_is_refused(site: Site) -> None:
    real = encoding.real(20)
    code = (TEXT_VALUE, 1, encoding.text(CODE))
    answer = site.serve(16, wishes(code, (ANALOG_OUTPUT, INTERVAL, real)))
    assert isinstance(answer, ErrorAnswer)
    assert answer.body.startswith(b"\x0e\x91\x02\x91\x28\x0f\x1e\x0c")
    assert not any("horse" in entry.detail for entry in site.entries())
    assert set_interval(site) == DENIED


def test_alone_in_a_list_it_is_taken(site: Site) -> None:
    wrong = site.serve(16, wishes((TEXT_VALUE, 1, encoding.text("wrong horse"))))
    assert isinstance(wrong, ErrorAnswer)
    assert wrong.body.startswith(b"\x0e\x91\x02\x91\x28\x0f\x1e\x0c")
    assert site.serve(16, wishes((TEXT_VALUE, 1, encoding.text(CODE)))) is DONE
    assert set_interval(site) is None


def test_without_a_code_there_is_nothing_to_find_out() -> None:
    site = Site(AccessSettings(networks=["192.0.2.0/24"], unlock="none"))
    assert give(site, "whatever") is None
    assert set_interval(site) is None
