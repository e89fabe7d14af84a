from submeter.sources.rp2040.patience import Patience


def test_pauses_double_from_two_seconds_to_a_minute() -> None:
    patience = Patience()
    asked = [tenth / 10 for tenth in range(3000) if patience.due(tenth / 10)]
    assert asked == [0, 2, 6, 14, 30, 62, 122, 182, 242]
    assert patience.tries == len(asked)
