"""Building blocks are claimed where they are served, and only there."""

import pytest

from submeter.bacnet.documents import bibbs

CONFIRMED = {0, 3, 5, 12, 14, 15, 16, 17, 20, 26, 28, 29}
UNCONFIRMED = {6, 7, 8, 9}
TYPES = {8, 15, 20}
EVERYTHING = {
    *("DS-RP-B", "DS-RPM-B", "DS-WP-B", "DS-WPM-B", "DS-COV-B", "DS-COVP-B"),
    *("AE-N-I-B", "AE-ACK-B", "AE-ASUM-B", "AE-INFO-B"),
    *("DM-DDB-B", "DM-DOB-B", "DM-DCC-B", "DM-RD-B", "DM-TS-B", "DM-UTC-B"),
}


def names(confirmed: set[int], unconfirmed: set[int], types: set[int]) -> set[str]:
    return {each.name for each in bibbs.claimed(confirmed, unconfirmed, types)}


def test_what_serves_everything_claims_everything() -> None:
    assert names(CONFIRMED, UNCONFIRMED, TYPES) == EVERYTHING


@pytest.mark.parametrize(
    ("service", "lost"),
    [
        (0, "AE-ACK-B"),
        (3, "AE-ASUM-B"),
        (5, "DS-COV-B"),
        (12, "DS-RP-B"),
        (14, "DS-RPM-B"),
        (15, "DS-WP-B"),
        (16, "DS-WPM-B"),
        (17, "DM-DCC-B"),
        (20, "DM-RD-B"),
        (28, "DS-COVP-B"),
        (29, "AE-INFO-B"),
    ],
)
def test_a_service_that_is_not_there_is_not_claimed(service: int, lost: str) -> None:
    assert EVERYTHING - names(CONFIRMED - {service}, UNCONFIRMED, TYPES) == {lost}


@pytest.mark.parametrize(
    ("service", "lost"), [(6, "DM-TS-B"), (7, "DM-DOB-B"), (8, "DM-DDB-B"), (9, "DM-UTC-B")]
)
def test_nor_is_an_unconfirmed_one(service: int, lost: str) -> None:
    assert EVERYTHING - names(CONFIRMED, UNCONFIRMED - {service}, TYPES) == {lost}


def test_an_object_that_is_not_there_is_not_claimed() -> None:
    assert EVERYTHING - names(CONFIRMED, UNCONFIRMED, TYPES - {15}) == {"AE-N-I-B"}


def test_trend_logs_that_cannot_be_stopped_are_not_claimed() -> None:
    served = names(CONFIRMED, UNCONFIRMED, TYPES)
    assert not [each for each in served if each.startswith("T-")]


def test_profiles() -> None:
    assert bibbs.profile(EVERYTHING)[0] == "B-ASC"
    assert bibbs.profile(EVERYTHING - {"DM-DCC-B"})[0] == "B-SS"
    assert bibbs.profile({"DS-RP-B", "DM-DDB-B", "DM-DOB-B"})[0] == "B-SS"
    assert bibbs.profile({"DS-RP-B", "DM-DDB-B"})[0] == "none"


def test_what_depends_on_the_configuration() -> None:
    assert bibbs.conditional() == {
        "bacnet.password": ["DM-DCC-B", "DM-RD-B"],
        "bacnet.time_synchronization": ["DM-TS-B", "DM-UTC-B"],
    }
