import pytest

from submeter.bacnet.link.foreign_table import ForeignTable

A, B, C = (("192.0.2.1", 47808), ("192.0.2.2", 47808), ("192.0.2.2", 47809))


def test_entries_live_thirty_seconds_longer() -> None:
    table = ForeignTable(4)
    assert table.register(A, 60, 1000.0)
    assert table.entries(1010.0) == [(A, 60, 80)]
    assert table.places(1089.9) == [A]
    assert table.places(1090.0) == []


def test_registration_is_renewed_in_place() -> None:
    table = ForeignTable(1)
    assert table.register(A, 60, 0.0)
    assert table.register(A, 30, 50.0)
    assert table.entries(50.0) == [(A, 30, 60)]


def test_full_table_takes_nobody_until_one_goes() -> None:
    table = ForeignTable(2)
    assert table.register(A, 60, 0.0)
    assert table.register(B, 600, 0.0)
    assert not table.register(C, 60, 0.0)
    assert table.register(C, 60, 90.0)
    assert table.places(90.0) == [B, C]


@pytest.mark.parametrize(("most", "of_one"), [(1, 1), (2, 2), (9, 2), (12, 3), (32, 8)])
def test_one_address_gets_a_quarter(most: int, of_one: int) -> None:
    table = ForeignTable(most)
    ports = range(1000, 1040)
    assert sum(table.register(("192.0.2.1", port), 0xFFFF, 0.0) for port in ports) == of_one
    assert table.register(("192.0.2.1", 1000), 60, 5.0)  # it renews
    assert table.register(B, 60, 5.0) == (most > of_one)
    assert table.delete(("192.0.2.1", 1000), 6.0)
    assert table.register(("192.0.2.1", 1039), 60, 6.0)


def test_no_foreign_devices() -> None:
    assert not ForeignTable(0).register(A, 60, 0.0)


def test_delete() -> None:
    table = ForeignTable(2)
    table.register(A, 60, 0.0)
    assert not table.delete(B, 0.0)
    assert table.delete(A, 0.0)
    assert not table.delete(A, 0.0)
    assert table.places(0.0) == []
