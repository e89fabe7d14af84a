"""What the configuration says of clamps at an RP2040 board."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

Phase = Literal["L1", "L2", "L3"]
Conductor = Literal["L1", "L2", "L3", "N"]

_PORT = "Only where the board is not found by its number: /dev/..., socket://host:port, simulated:"


_ORDER = "Channel of each role, voltage first, where the board is not wired in order: [3, 0, 1, 2]"


def _quoted(said: Any) -> Any:
    """Refuse what YAML takes for a number: it may have lost digits."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        raise ValueError("the number of a board is a text: put it in quotes")
    return said


def _different(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(numbers)) < len(numbers):
        raise ValueError("each number stands here once")
    return numbers


def _listed(said: Any) -> Any:
    return tuple(said) if isinstance(said, list) else said


Uid = Annotated[str, BeforeValidator(_quoted), Field(pattern=r"^[0-9A-Za-z]{4,64}$")]
_Channel = Annotated[int, Field(ge=0, le=3)]
_Pin = Annotated[int, Field(ge=0, le=25)]
Order = Annotated[
    tuple[_Channel, _Channel, _Channel, _Channel],
    BeforeValidator(_listed),
    AfterValidator(_different),
]
Pins = Annotated[
    tuple[_Pin, ...], Field(max_length=8), BeforeValidator(_listed), AfterValidator(_different)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Transformer(_Strict):
    """The transformer that brings the voltage to the board."""

    mains: float = Field(default=230.0, ge=1, le=1000, description="V of the mains")
    volts: float = Field(
        default=0.75, ge=0.001, le=1.65, description="V (RMS) at the input of the board then"
    )


class Clamp(_Strict):
    """What the clamps of a meter are; one kind."""

    volts: float = Field(
        default=1.0, ge=0.001, le=1.65, description="V (RMS) at the input at the rated current"
    )
    current: float | None = Field(
        default=None,
        ge=0.1,
        le=10_000,
        description="Rated current of the clamp in A; default: the setting CT_Primary_Rating",
    )
    around_secondary: bool = Field(
        default=False,
        description="Around the secondary of a transformer of CT_Primary_Rating and "
        "CT_Secondary_Rating",
    )


class PhaseBoard(_Strict):
    """The board of one phase, which measures its own voltage."""

    board: Uid | None = Field(default=None, description="Its unique number")
    port: str | None = Field(default=None, description=_PORT)
    clamp: int = Field(default=1, ge=1, le=3)
    order: Order | None = Field(default=None, description=_ORDER)


class Rp2040Settings(_Strict):
    """Current clamps at an RP2040 board, or at three of them."""

    board: Uid | None = Field(default=None, description="Its unique number; it is found by it")
    port: str | None = Field(default=None, description=_PORT)
    boards: dict[Phase, PhaseBoard] | None = Field(
        default=None, description="Instead of board and clamps: one board for each phase"
    )
    voltage: Transformer | None = Field(
        default=Transformer(), description="null: four clamps and no voltage"
    )
    clamps: dict[Conductor, int] = Field(
        default={"L1": 1}, description="Conductor -> number of the clamp around it"
    )
    voltage_at: Phase = Field(default="L1", description="The phase that the transformer is at")
    nominal: float = Field(
        default=230.0, ge=50, le=1000, description="V; apparent power without voltage is by it"
    )
    frequency: Literal[50, 60] = Field(default=50, description="Hz, nominal")
    clamp: Clamp = Clamp()
    creep: float = Field(
        default=0.001,
        ge=0,
        le=0.1,
        description="Below this share of the rated current nothing flows: power is 0",
    )
    snapshot: float = Field(
        default=10.0, ge=0, le=60, description="s between waveforms, for THD; 0: none"
    )
    order: Order | None = Field(default=None, description=_ORDER)
    pins: Pins | None = Field(
        default=None, description="GPIO of each pulse input of the board: [2, 4, 3]"
    )
    debounce: int | None = Field(
        default=None, ge=1, le=1000, description="ms for which a pulse input must be steady"
    )

    @field_validator("clamps")
    @classmethod
    def _are_there(cls, clamps: dict[Conductor, int], info: ValidationInfo) -> dict[Conductor, int]:
        most = 3 if info.data.get("voltage", True) else 4
        for conductor, number in clamps.items():
            if not 1 <= number <= most:
                raise ValueError(f"clamp {number} of {conductor} does not exist; 1 to {most}")
        if len(set(clamps.values())) < len(clamps):
            raise ValueError("a clamp is around one conductor: each number once")
        if not set(clamps) - {"N"}:
            raise ValueError("'clamps' has at least one of L1, L2 and L3")
        return clamps

    @model_validator(mode="after")
    def _agrees(self) -> "Rp2040Settings":
        if self.clamp.around_secondary and self.clamp.current is None:
            raise ValueError("'clamp' around a secondary has 'current', its own rating in A")
        if "voltage_at" in self.model_fields_set and (self.boards or not self.voltage):
            raise ValueError("'voltage_at' is of one board with a voltage: remove it")
        if self.boards is not None:
            self._prove_boards(self.boards)
        else:
            self._prove_one()
        return self

    def _prove_boards(self, boards: dict[Phase, PhaseBoard]) -> None:
        if self.board or self.port or "clamps" in self.model_fields_set:
            raise ValueError("'boards' stands alone: remove 'board', 'port' and 'clamps'")
        for key in ("order", "pins", "debounce"):
            if key in self.model_fields_set:
                raise ValueError(f"'{key}' is of one board: remove it here")
        if self.voltage is None:
            raise ValueError("each of three boards has a voltage: remove 'voltage: null'")
        if set(boards) != {"L1", "L2", "L3"}:
            raise ValueError("'boards' are three, of L1, L2 and L3")
        if not all(each.board or each.port for each in boards.values()):
            raise ValueError("each of the 'boards' has 'board', its unique number, or 'port'")
        for names in (
            [each.board.lower() for each in boards.values() if each.board],
            [each.port for each in boards.values() if each.port],
        ):
            if len(set(names)) < len(names):
                raise ValueError("each of the 'boards' is another one: each has its own voltage")

    def _prove_one(self) -> None:
        if not self.board and not self.port:
            message = "'board' is missing, the unique number that `submeter probe PORT` tells"
            raise ValueError(message)
