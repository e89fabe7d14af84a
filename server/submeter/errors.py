"""The errors that submeter raises: one root, few leaves."""


class SubmeterError(Exception):
    """Anything that a user or an installation can cause; its text is the whole message."""


class ConfigError(SubmeterError):
    """A configuration or map is wrong: nothing was started, exit status 2.

    The text has one line per fault: `file:line:column: what is wrong; what would be right`.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class LinkError(SubmeterError):
    """An instrument's port is gone or cannot be opened: close it and try again later."""


class ListenError(SubmeterError):
    """A face cannot listen where it was told to: the start stops, exit status 1."""


class NoAnswerError(SubmeterError):
    """A server that was asked does not answer, or not as its map says."""


class FrameError(SubmeterError):
    """Received bytes break their protocol: drop them, count them, carry on."""
