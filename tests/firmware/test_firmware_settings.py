"""Settings are taken whole or not at all."""

from typing import Any

import pytest

from tooling.firmware import load

settings = load("core.settings")

GOOD: dict[str, list[Any]] = {
    "layout": ["v3i", "4i"],
    "order": [[3, 1, 0, 2]],
    "lags": [[0, 40, 80], [120, 120, 120]],
    "quarter": [25, 30],
    "steps": [[0, 20, 9, 9]],
    "period": [1, 60],
    "pins": [[], [2, 3], [0, 1, 2, 3, 4, 5, 6, 25]],
    "debounce": [1, 1000],
}
BAD: dict[str, list[Any]] = {
    "layout": ["3i", None, 1, []],
    "order": [[0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 4], "0123", [0, 1, 2, 3.0], [False, 1, 2, 3]],
    "lags": [[0, 0], [0, 0, 121], [-1, 0, 0], 5, [0, 0, True]],
    "quarter": [20, 25.0, "30", [25], True],
    "steps": [[9, 9, 9], [9, 9, 9, 21], [9, 9, 9, -1]],
    "period": [0, 61, 1.5, True],
    "pins": [[2, 2], [26], [-1], list(range(9)), 2, [True]],
    "debounce": [0, 1001, "5"],
    "uid": ["x"],
}


@pytest.mark.parametrize(("key", "value"), [(key, each) for key in GOOD for each in GOOD[key]])
def test_what_fits_is_taken(key: str, value: Any) -> None:
    before = settings.defaults()
    after = settings.changed(before, {key: value})
    assert after == {**before, key: value}
    assert before == settings.defaults()
    assert settings.kept(after) == after


@pytest.mark.parametrize(("key", "value"), [(key, each) for key in BAD for each in BAD[key]])
def test_what_does_not_fit_changes_nothing(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{key} is|there is no such setting"):
        settings.changed(settings.defaults(), {"period": 5, key: value})
    assert settings.kept({"period": 5, key: value})["period"] == (1 if key == "period" else 5)
    assert settings.kept({key: value}) == settings.defaults()


@pytest.mark.parametrize("stored", [None, [], "x", 5, {1: 2}])
def test_what_is_damaged_is_as_nothing(stored: Any) -> None:
    assert settings.kept(stored) == settings.defaults()
