"""The settings of a board: what `cfg` may say, and what is kept over resets."""

QUARTERS = (30, 25)
_LONGEST_LAG = 120
_LARGEST_STEP = 20  # with it centred codes stay below 2089, see core/sums.py
_LAST_PIN = 25  # 26 to 29 are the inputs of the converter
_MOST_PINS = 8


def defaults():
    """Return the settings of a board to which nothing was said."""
    return {
        "layout": "v3i",
        "order": [0, 1, 2, 3],
        "lags": [0, 0, 0],
        "quarter": 30,
        "steps": [9, 9, 9, 9],
        "period": 1,
        "pins": [],
        "debounce": 20,
    }


def changed(settings, changes):
    """Return `settings` with `changes`; raises ValueError, with a text, if one does not fit."""
    if not isinstance(changes, dict):
        raise ValueError("settings are an object")
    after = dict(settings)
    for key, value in changes.items():
        if key not in _CHECKS:
            raise ValueError("there is no such setting")
        fits, expected = _CHECKS[key]
        if not fits(value):
            raise ValueError("%s is %s" % (key, expected))
        after[key] = value
    return after


def kept(stored):
    """Return settings from what was stored; of that only what fits."""
    settings = defaults()
    if not isinstance(stored, dict):
        return settings
    for key, value in stored.items():
        try:
            settings = changed(settings, {key: value})
        except ValueError:
            pass
    return settings


def _is_layout(value):
    return value in ("v3i", "4i")


def _is_order(value):
    return _is_list(value, 4, 0, 3) and len(set(value)) == 4


def _is_lags(value):
    return _is_list(value, 3, 0, _LONGEST_LAG)


def _is_steps(value):
    return _is_list(value, 4, 0, _LARGEST_STEP)


def _is_pins(value):
    if not isinstance(value, list) or len(value) > _MOST_PINS:
        return False
    return _is_list(value, len(value), 0, _LAST_PIN) and len(set(value)) == len(value)


def _is_list(value, length, least, most):
    if not isinstance(value, list) or len(value) != length:
        return False
    return all(_is_number(each, least, most) for each in value)


def _is_number(value, least, most):
    return type(value) is int and least <= value <= most


_CHECKS = {
    "layout": (_is_layout, "v3i or 4i"),
    "order": (_is_order, "the numbers 0 to 3 in an order"),
    "lags": (_is_lags, "three numbers of 0 to 120"),
    "quarter": (lambda value: type(value) is int and value in QUARTERS, "30 or 25"),
    "steps": (_is_steps, "four numbers of 0 to 20"),
    "period": (lambda value: _is_number(value, 1, 60), "1 to 60"),
    "pins": (_is_pins, "at most eight different numbers of 0 to 25"),
    "debounce": (lambda value: _is_number(value, 1, 1000), "1 to 1000"),
}
