"""What a clamp shows while nothing flows."""

from submeter.sources.rp2040.measured import ClampValues


def quiet(values: ClampValues, threshold: float) -> ClampValues:
    """Return `values`, or nothing at all if the current over the window is below `threshold` A."""
    if values.current >= threshold:
        return values
    known = bool(values.energies)  # without current also where the voltage is not
    zero = 0.0 if known else None
    return ClampValues(
        current=0.0,
        active=zero,
        reactive=zero,
        apparent=zero,
        factor=None,
        energies=(0j,) * len(values.energies),
        saturated=values.saturated,
        apparent_energy=zero,
    )
