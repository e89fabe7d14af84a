"""What the meters of a board want of it."""

import pytest

from submeter.sources.rp2040 import identity
from submeter.sources.rp2040.wishes import Wishes
from tooling.clamp_records import IdealBoard

WHO = identity.read(IdealBoard(pins=(2, 4)).identity())


def test_what_is_not_given_stays_as_the_board_has_it() -> None:
    wishes = Wishes()
    wishes.add("v3i", 1, 0, 30)
    wishes.add_inputs()
    assert wishes.command(WHO) is None
    assert wishes.fits(WHO._replace(order=(3, 0, 1, 2)))


@pytest.mark.parametrize("layout", ["v3i", "4i"])
def test_a_board_is_told_order_pins_and_debounce(layout: identity.Layout) -> None:
    wishes = Wishes()
    wishes.add(layout, 1, 0, 30)
    wishes.add_inputs((3, 0, 1, 2), (2, 4), 5)
    who = WHO._replace(layout=layout)
    assert not wishes.fits(who)
    assert wishes.command(who) == 'cfg {"order": [3, 0, 1, 2], "debounce": 5}'
    settled = who._replace(order=(3, 0, 1, 2), debounce=5)
    assert wishes.fits(settled)
    assert wishes.command(settled) is None
    assert wishes.command(settled._replace(pins=(4, 2))) == 'cfg {"pins": [2, 4]}'


def test_two_meters_want_the_same() -> None:
    wishes = Wishes()
    wishes.add_inputs(pins=(2, 4))
    wishes.add_inputs(order=(0, 1, 2, 3))
    with pytest.raises(ValueError, match="has another 'order'"):
        wishes.add_inputs(order=(1, 0, 2, 3), debounce=7)
    wishes.add_inputs(debounce=8)
