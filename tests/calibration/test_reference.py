"""What a reference said: when its index went on, its powers and voltages."""

from submeter.calibration.reference import Crossing, ReferenceCourse
from submeter.calibration.sample import Told
from submeter.meter.reading import Quality

GOOD = Quality.MEASURED


def index(number: int, at: float, changed: float | None = None) -> Told:
    before = changed - 1.5 if changed is not None else None
    return Told(number, GOOD, at, 1000, changed, before, number - 1000)


def test_each_step_of_an_index_counts_once() -> None:
    course = ReferenceCourse()
    name = "Active_Energy_Import"
    for told in (index(5000, 10, 3), index(5000, 11, 3), index(6000, 12, 12), index(6000, 13, 12)):
        course.add({name: told})
    course.add({name: index(8000, 20, 20)})
    assert course.crossings == [Crossing(12, 10.5, 3600, 3600), Crossing(20, 18.5, 10800, 3600)]
    assert course.heard == 20


def test_an_index_that_never_changed_before_the_first_sample() -> None:
    course = ReferenceCourse()
    course.add({"Active_Energy_Import": index(5000, 10)})
    course.add({"Active_Energy_Import": index(6000, 12, 12)})
    assert course.crossings == [Crossing(12, 10.5, 3600, 3600)]


def test_export_takes_away() -> None:
    course = ReferenceCourse()
    both = {"Active_Energy_Import": index(5000, 10), "Active_Energy_Export": index(700, 10)}
    course.add(both)
    course.add({**both, "Active_Energy_Export": index(1700, 12, 12)})
    assert course.crossings == [Crossing(12, 10.5, -3600, -3600)]
    assert course.exports


def test_powers_that_were_measured_count_and_others_do_not() -> None:
    course = ReferenceCourse()
    course.add({"Active_Power_Total": Told(1.5, GOOD, 10)})
    course.add({"Active_Power_Total": Told(1.5, GOOD, 10)})
    for quality in (Quality.ESTIMATED, Quality.DERIVED):
        course.add({"Active_Power_Total": Told(1.6, quality, 11)})
    course.add({"Apparent_Power_Total": Told(1.7, GOOD, 12), "Voltage_L1_N": Told(231, GOOD, 12)})
    assert course.powers == [(10, 1500)]
    assert course.voltages == {"Voltage_L1_N": [(12, 231)]}
    assert course.heard == 12


def test_an_index_that_is_estimated_is_none() -> None:
    course = ReferenceCourse()
    told = index(6000, 12, 12)._replace(quality=Quality.ESTIMATED)
    course.add({"Active_Energy_Import": index(5000, 10)})
    course.add({"Active_Energy_Import": told})
    assert course.crossings == []
