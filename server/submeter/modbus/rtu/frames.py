"""How long a frame must be, told by its first bytes: a unit id, a PDU, a CRC.

The shapes are those of the Modbus Application Protocol V1.1b3, section 6. A request and its answer
have the same function code, so most first bytes leave two lengths possible.
"""

from submeter.modbus_crc import first_sealed, sealed

SMALLEST = 4
LARGEST = 256
LAST_UNIT = 247
BROADCAST = 0

_Shape = tuple[int, int]  # bytes besides those that the byte at the second place counts; 0: none

_EXCEPTION: _Shape = (5, 0)
_REQUESTS: dict[int, _Shape] = {
    **dict.fromkeys((1, 2, 3, 4, 5, 6, 8), (8, 0)),
    **dict.fromkeys((7, 11, 12, 17), (4, 0)),
    **dict.fromkeys((15, 16), (9, 6)),
    **dict.fromkeys((20, 21), (5, 2)),
    22: (10, 0),
    23: (13, 10),
    24: (6, 0),
    43: (7, 0),
}
_ANSWERS: dict[int, _Shape] = {
    **dict.fromkeys((1, 2, 3, 4, 12, 17, 20, 21, 23), (5, 2)),
    **dict.fromkeys((5, 6, 8, 11, 15, 16), (8, 0)),
    7: (5, 0),
    22: (10, 0),
    24: (6, 3),
}
_QUEUE = 24
_IDENTITY = 43
_MEI = 14
_WORDS_ANSWERED = (3, 4, 23)
_ECHO = 8  # what 8/0 carries has any length


def request_length(data: bytes, at: int) -> int | None:
    """Return the length of a request that begins at `at`; 0: of unknown length, None: too early."""
    if len(data) < at + 2:
        return None
    return _length(_REQUESTS.get(data[at + 1]), data, at)


def answer_length(data: bytes, at: int) -> int | None:
    """Return the length of an answer that begins at `at`; 0: of unknown length, None: too early."""
    if len(data) < at + 2:
        return None
    function = data[at + 1]
    if function == _IDENTITY:
        return _identity_length(data, at)
    return _length(_EXCEPTION if function & 0x80 else _ANSWERS.get(function), data, at)


def is_answer(frame: bytes) -> bool:
    """Tell whether `frame` can only be an answer: nobody who shares our unit id is obeyed."""
    return request_length(frame, 0) != len(frame) == answer_length(frame, 0)


def known(data: bytes, at: int) -> int:
    """Return the length of the frame of a known shape that begins at `at`, 0 if none does."""
    for length in {request_length(data, at), answer_length(data, at)}:
        if (
            length
            and SMALLEST <= length <= LARGEST
            and at + length <= len(data)
            and sealed(data[at : at + length])
        ):
            return length
    return 0


def unfinished(data: bytes, at: int) -> bool:
    """Tell whether `data` from `at` on may be the beginning of a frame that is still to come.

    One of a function of unknown length may be until it is sealed, or too long.
    """
    if at >= len(data) or data[at] > LAST_UNIT:
        return False
    return (
        unfinished_request(data, at)
        or (_is_open(data, at) and len(data) - at < LARGEST)
        or (
            data[at] != BROADCAST
            and _answer_agrees(data, at)
            and _goes_on(answer_length(data, at), data, at)
        )
    )


def unfinished_request(data: bytes, at: int) -> bool:
    """Tell whether `data` from `at` on may be the beginning of a request."""
    if at >= len(data) or data[at] > LAST_UNIT:
        return False
    return _agrees(data, at) and _goes_on(request_length(data, at), data, at)


def over(data: bytes, at: int) -> bool:
    """Tell whether `data` from `at` on is as long as a frame of its function is: a damaged one."""
    lengths = (request_length(data, at), answer_length(data, at))
    return not _is_open(data, at) and len(data) - at in lengths


def chain(data: bytes, at: int) -> tuple[list[bytes], int]:
    """Return the frames that follow each other without a gap from `at` on, and where they end.

    A frame of an unknown shape is one that is sealed and after which another may begin.
    """
    frames = []
    while at < len(data):
        length = known(data, at) or remainder(data, at)
        if not length and (_is_open(data, at) or not unfinished(data, at)):
            length = first_sealed(data[at : at + LARGEST], SMALLEST, LARGEST)
        if not length:
            break
        frames.append(data[at : at + length])
        at += length
    return frames, at


def remainder(data: bytes, at: int) -> int:
    """Return the length of all that is left if it is one frame, else 0."""
    length = len(data) - at
    return length if SMALLEST <= length <= LARGEST and sealed(data[at:]) else 0


def _length(shape: _Shape | None, data: bytes, at: int) -> int | None:
    if shape is None:
        return 0
    fixed, place = shape
    if not place:
        return fixed
    return fixed + data[at + place] if at + place < len(data) else None


def _is_open(data: bytes, at: int) -> bool:
    """Tell whether nothing but its checksum says where the frame ends that begins at `at`.

    Nobody obeys a broadcast of unknown length, and a stray 00 before a request looks like one.
    """
    if at + 2 > len(data) or not BROADCAST < data[at] <= LAST_UNIT:
        return False
    if not 0 < data[at + 1] < 0x80:
        return False
    function = data[at + 1]
    if function == _IDENTITY:
        return at + 2 < len(data) and data[at + 2] != _MEI
    return function == _ECHO or (function not in _REQUESTS and function not in _ANSWERS)


def _identity_length(data: bytes, at: int) -> int | None:
    """Return the length of an answer of function 43/14: a list of objects, each with its length."""
    if at + 8 > len(data):
        return None
    end = at + 8
    for _ in range(data[at + 7]):
        if end + 2 > len(data):
            return None
        end += 2 + data[end + 1]
    return end + 2 - at


def _goes_on(length: int | None, data: bytes, at: int) -> bool:
    """Tell whether a frame of `length` is longer than what there is of it."""
    present = len(data) - at
    return present < LARGEST and (length is None or present < length <= LARGEST)


def _agrees(data: bytes, at: int) -> bool:
    """Tell whether the byte count of a request to write fits its quantity."""
    function = data[at + 1] if at + 1 < len(data) else None
    place = {15: 6, 16: 6, 23: 10}.get(function or 0)
    if place is None or at + place >= len(data):
        return True
    quantity = int.from_bytes(data[at + place - 2 : at + place], "big")
    size = (quantity + 7) // 8 if function == 15 else 2 * quantity
    return data[at + place] == size > 0


def _answer_agrees(data: bytes, at: int) -> bool:
    """Tell whether the third byte is one that such an answer can have."""
    if at + 2 >= len(data):
        return True
    function, third = data[at + 1 : at + 3]
    if function in _WORDS_ANSWERED:
        return third > 0 and third % 2 == 0
    if function == _QUEUE:
        return third == 0
    return function != _IDENTITY or third == _MEI
