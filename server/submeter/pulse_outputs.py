"""The pulse outputs of a configuration, as the store remembers them."""

from collections.abc import Mapping, Sequence
from functools import partial

from submeter import count_file
from submeter.errors import StoreError
from submeter.pulse_output.output import GpioOutput
from submeter.pulse_output.pulse_output import PulseOutput
from submeter.restore import ServedMeter
from submeter.store.store import Store


class PulseOutputs:
    """One output for each meter that has one; raises StoreError if what is kept is damaged."""

    def __init__(self, meters: Sequence[ServedMeter], store: Store) -> None:
        kept = store.notes()
        self._outputs: dict[str, PulseOutput] = {}
        for each in meters:
            settings = each.plan.entry.pulse_output
            if settings:
                name = each.meter.name
                opened = partial(GpioOutput, settings)
                tally = count_file.beside(store.path, name, kind="sent")
                output = PulseOutput(each.meter, settings, opened, tally)
                self._outputs[_note(name)] = output
                _restore(output, kept.get(_note(name)), store, name)

    def memory(self) -> Mapping[str, str]:
        """Return the notes that change while the program runs."""
        return {note: output.saved() for note, output in self._outputs.items()}

    def each(self) -> Sequence[PulseOutput]:
        """Return the outputs."""
        return list(self._outputs.values())


def _note(meter: str) -> str:
    return f"pulse_output:{meter}"


def _restore(output: PulseOutput, text: str | None, store: Store, meter: str) -> None:
    if text is None:
        return
    try:
        output.restore(text)
    except ValueError as error:
        raise StoreError(
            f"store {store.path}: what it holds of the pulse output of '{meter}' makes no sense "
            f"({error}); put back a copy of the file"
        ) from None
