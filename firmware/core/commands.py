"""What the host asks of a board: `NUMBER WORD {json}`, with or without `*CRC32`."""

import json
from binascii import crc32

WORDS = ("id", "snap", "cfg", "time", "reset", "boot")
_LONGEST_NUMBER = 9  # digits
_HEX = "0123456789ABCDEFabcdef"


class Command:
    """A command; `number` is that of the answer."""

    def __init__(self, number, word, content):
        self.number = number
        self.word = word
        self.content = content


class BadCommand(Exception):
    """A line that is none, with why; `number` is 0 where it has none."""

    def __init__(self, number, why):
        super().__init__(why)
        self.number = number
        self.why = why


def parse(line):
    """Return the command that a line, a text or None if it was too long, contains.

    Raises BadCommand.
    """
    if line is None:
        raise BadCommand(0, "longer than 200 characters")
    line, sound = _without_checksum(line.strip())
    words = line.split(None, 2)
    number = _number(words[0]) if words else 0
    if not sound:
        raise BadCommand(number, "the checksum does not fit")
    if len(words) < 2 or words[0] != str(number):
        raise BadCommand(0, "a command is NUMBER WORD {json}")
    if words[1] not in WORDS:
        raise BadCommand(number, "there is no such command")
    return Command(number, words[1], _content(number, words[2] if len(words) > 2 else "{}"))


def _without_checksum(line):
    """Return a line without its checksum, and whether that fits."""
    body, given = line[:-9], line[-8:]
    if line[-9:-8] != "*" or not all(each in _HEX for each in given):
        return line, True
    return body, int(given, 16) == crc32(body.encode()) & 0xFFFFFFFF


def _number(text):
    return int(text) if len(text) <= _LONGEST_NUMBER and text.isdigit() else 0


def _content(number, text):
    try:
        content = json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: brackets in brackets in brackets
        content = None
    if not isinstance(content, dict):
        raise BadCommand(number, "what follows the word is no object")
    return content
