"""The steps of the converter are taken out, and what is at its ends is counted."""

from array import array

from tooling.firmware import load

linearise = load("core.linearise")


def test_each_sample_gets_the_steps_that_it_has_passed() -> None:
    codes = linearise.table([9, 8, 7, 5])
    assert len(codes) == 4096
    for raw, code in enumerate(codes):
        passed = [step for at, step in ((512, 9), (1536, 8), (2560, 7), (3584, 5)) if raw > at]
        half = {512: 9 // 2, 1536: 8 // 2, 2560: 7 // 2, 3584: 5 // 2}.get(raw, 0)
        assert code == raw + sum(passed) + half
    assert linearise.middle([9, 9, 9, 9]) == 2066


def test_the_model_of_the_converter_is_undone_but_for_its_wide_codes() -> None:
    samples = load("hal_sim.converter").samples()
    codes = linearise.table([9, 9, 9, 9])
    assert len(samples) == 4132
    for true, said in enumerate(samples):
        assert abs(codes[said] - true) <= (5 if said in (512, 1536, 2560, 3584) else 0)


def test_frames_are_replaced_where_they_lie_and_no_others() -> None:
    raw = [(37 * k) % 4096 for k in range(64)]
    ring, ends = array("H", raw), array("i", [0, 0, 0, 0])
    codes = linearise.table([9, 9, 9, 9])
    linearise.linearise(ring, 56, 4, 63, codes, ends)
    for k in range(64):
        assert ring[k] == (codes[raw[k]] if k >= 56 or k < 8 else raw[k])


def test_samples_at_the_ends_are_counted_by_channel() -> None:
    frames = [(4, 5, 4090, 4091), (0, 5, 4090, 4095), (2000, 4, 4091, 2000)]
    ring = array("H", [code for frame in frames for code in frame] + [0] * 4)
    ends = array("i", [0, 0, 0, 10])
    linearise.linearise(ring, 0, 3, 15, linearise.table([0] * 4), ends)
    assert list(ends) == [2, 1, 1, 12]


def test_the_ends_are_the_same_for_each_channel() -> None:
    for channel in range(4):
        for code, counts in ((4, 1), (5, 0), (4090, 0), (4091, 1)):
            frame = [2000] * 4
            frame[channel] = code
            ends = array("i", [0] * 4)
            linearise.linearise(array("H", frame * 4), 0, 3, 15, linearise.table([0] * 4), ends)
            assert list(ends) == [3 * counts if each == channel else 0 for each in range(4)]
