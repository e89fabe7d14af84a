"""The file of a meter map as it is written, before its points and addresses are looked up."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WrapValidator,
    model_validator,
)

from submeter.pointmap.register import WORDS, Factor, Order, RegisterType
from submeter.pointmap.series import Series, prove

ObjectType = Literal[
    "accumulator",
    "analog-input",
    "analog-output",
    "large-analog-value",
    "binary-input",
    "binary-output",
    "multi-state-value",
    "datetime-value",
]
At = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
    Field(
        description="As the trade writes it, from 1: 30001, 40001, HR 1001, DI 1, Coil 1; or as it "
        "is on the wire, in hexadecimal: IR 0x0000, HR 0x5000",
        json_schema_extra={"type": ["string", "integer"]},
    ),
]
# A key of a YAML mapping comes as text, also where it is a number.
Key = Annotated[int, Field(strict=False)]
Fallback = Literal["invalid", "last", "failure", "no-answer", "silence"]
"""What a poller gets for a value that is not known: its invalid pattern, the last good value,
exception 04, exception 0B, or no answer at all."""


LONGEST_NAME = 100  # characters on BACnet, without a prefix: an I-Have is one packet


def printable(text: str) -> str:
    """Return `text` if it may stand on BACnet (ASHRAE 135, 12.1.2); raises ValueError."""
    if not text.isprintable():
        raise ValueError(f"{text!r} has characters that cannot be printed; take them out")
    return text


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(printable)]
Title = Annotated[str, Field(max_length=200), AfterValidator(printable)]

LAST_INSTANCE = 4194302  # ASHRAE 135, 12.1.1: 4194303 is the wildcard


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Invalid(_Strict):
    """The bit patterns that stand for an unknown value."""

    int16: int = Field(default=0x8000, ge=0, lt=1 << 16)
    uint16: int = Field(default=0xFFFF, ge=0, lt=1 << 16)
    int32: int = Field(default=0x80000000, ge=0, lt=1 << 32)
    uint32: int = Field(default=0xFFFFFFFF, ge=0, lt=1 << 32)
    int64: int = Field(default=0x8000000000000000, ge=0, lt=1 << 64)
    uint64: int = Field(default=0xFFFFFFFFFFFFFFFF, ge=0, lt=1 << 64)
    float32: int = Field(default=0x7FC00000, ge=0, lt=1 << 32)
    float64: int = Field(default=0x7FF8000000000000, ge=0, lt=1 << 64)


class WhenStale(_Strict):
    """What a poller gets instead of a value that is not known, by its quality."""

    stale: Fallback = "invalid"
    failed: Fallback = "invalid"
    absent: Fallback = "invalid"


def fallbacks(value: object) -> object:
    """Return one word for stale and failed values as a whole `WhenStale`."""
    return {"stale": value, "failed": value} if isinstance(value, str) else value


WhenStaleKey = Annotated[
    WhenStale,
    BeforeValidator(fallbacks, json_schema_input_type=Fallback | WhenStale),
    Field(
        description="Stale and failed values: invalid, last, failure (exception 04), no-answer "
        "(exception 0B) or silence; or one for each of stale, failed and absent"
    ),
]


class IdentityTexts(_Strict):
    """How a meter presents itself (V1.1b3, 6.21): the objects of function 43/14, and registers."""

    vendor: Title | None = None
    product_code: Title | None = None
    revision: Title | None = None
    url: Title | None = None
    product_name: Title | None = None
    model: Title | None = None
    serial: Title | None = None


class RegisterEntry(_Strict):
    """One line of the register list: one kind of content, its address and its form."""

    point: str | None = None
    sum: list[str] | None = Field(default=None, description="Points; '-Name' is taken away")
    mean: list[str] | None = None
    product: list[str] | None = Field(default=None, description="A voltage and a current: VA")
    constant: int | float | str | None = Field(
        default=None, description="A number, or the name of one of 'constants'"
    )
    text: str | None = None
    identity: str | None = Field(default=None, description="serial, model, revision, ...")
    flags: dict[Key, str] | None = Field(default=None, description="Bit -> two-state point")
    absent: str | None = Field(default=None, description="What the real meter has here")
    unlock: Literal[True] | None = Field(default=None, description="The unlock code goes here")
    at: At
    type: RegisterType | None = Field(default=None, description="Of registers; bits have none")
    words: int | None = Field(default=None, ge=1, le=123, description="Length of a string")
    chars: Literal[1, 2] = Field(default=2, description="Characters in a register of a string")
    unit: str | None = Field(default=None, description="If not the point's own")
    scale: int | float | str = Field(
        default=1, description="Unit per count, such as 0.1; or the name of a constant: 10^constant"
    )
    offset: int | float = 0
    codes: dict[Key, int] | None = Field(default=None, description="Value -> number on the wire")
    order: Order | None = None
    invalid: int | None = Field(default=None, ge=0, description="Pattern of an unknown value")
    count: int | None = Field(
        default=None, ge=1, le=125, description="Only a read of exactly so many registers sees it"
    )
    reactive: str | None = Field(
        default=None, description="Reactive power that tells inductive from capacitive, to 'factor'"
    )
    factor: Factor | None = Field(
        default=None, description="How the sign of 'reactive' shows in a power factor"
    )
    access: Literal["R"] | None = Field(default=None, description="Never written, though it could")
    unmarked: bool = Field(
        default=False, description="The real meter has no pattern for an unknown value here"
    )
    accept: list[int | str] = Field(
        default_factory=list,
        description="What may stand here in a meter that is read by this map, with wildcards; "
        "another one has other registers",
    )
    note: str | None = Field(default=None, description="For the register list", min_length=1)
    series: Series | None = Field(
        default=None,
        description="One register after another, for each number; {n} in 'point' is the number",
    )

    @model_validator(mode="after")
    def _numbered(self) -> "RegisterEntry":
        if self.point is not None:
            prove(self.point, self.series)
        return self

    @property
    def length(self) -> int:
        """Registers that the value takes, or 1 for a bit."""
        return 1 if self.type is None else self.words or WORDS.get(self.type, 1)


class ModbusEntries(_Strict):
    """The Modbus half of a meter map."""

    holes: Literal["zero", "refuse"] = Field(
        default="zero",
        description="Undefined registers beside defined ones: read as 0, or exception 02",
    )
    clipped: Literal["refuse", "serve"] = Field(
        default="refuse", description="A read that cuts through a value: exception 02, or its words"
    )
    shared: bool = Field(default=False, description="Functions 3 and 4 read the same registers")
    order: Order = Field(default="ABCD", description="Of words and bytes, where no other is given")
    when_stale: WhenStaleKey = WhenStale()
    invalid: Invalid = Invalid()
    validity: At | None = Field(
        default=None, description="First of a row of bits, one a point, diagnostics last: 1=known"
    )
    functions: list[int] | None = Field(
        default=None,
        min_length=1,
        description="The only functions that this meter has; others: exception 01",
    )
    status: list[str] = Field(
        default_factory=list, max_length=8, description="Points of function 7, from bit 0 on"
    )
    identity: IdentityTexts = IdentityTexts()
    constants: dict[str, int | float] = Field(
        default_factory=dict, description="By name; a meter of the configuration may have others"
    )
    registers: list[RegisterEntry]


class ObjectEntry(_Strict):
    """One line of the object list."""

    point: str
    object: ObjectType
    instance: int = Field(ge=0, le=LAST_INSTANCE)
    name: Name | None = Field(default=None, description="If not the point's own")
    unit: str | None = Field(default=None, description="If not the point's own")
    cov: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="COV increment of an analog object in its unit, if not the point's own; "
        "0: any change",
    )
    alarm: int | None = Field(
        default=None, description="State of a binary input that is reported as an alarm"
    )
    series: Series | None = Field(
        default=None,
        description="One object for each number, with instances from 'instance' on; {n} in 'point' "
        "and 'name' is the number",
    )

    @model_validator(mode="after")
    def _numbered(self) -> "ObjectEntry":
        prove(self.point, self.series)
        return self


_OBJECTS = TypeAdapter(list[ObjectEntry])


def _either(value: object, _: object) -> object:
    """Check a list as a list only: a fault in it is not one of the word `standard` too."""
    return value if value == "standard" else _OBJECTS.validate_python(value)


class BacnetEntries(_Strict):
    """The BACnet half of a meter map; `standard` are the objects of the standard map."""

    objects: Annotated[list[ObjectEntry] | Literal["standard"], WrapValidator(_either)]


class MeterMapFile(_Strict):
    """A file of `pointmaps/meters/`."""

    title: Title
    document: str | None = Field(default=None, description="Where the register list comes from")
    modbus: ModbusEntries
    bacnet: BacnetEntries
