"""Modbus/TCP Security: TLS in which both sides show a certificate, and the client's has a role.

MODBUS/TCP Security Protocol Specification (MB-TCP-Security-v21): TLS 1.2 or later, mutual
authentication, cipher suites with forward secrecy and authenticated encryption.
"""

import asyncio
import socket
import ssl
from functools import partial
from pathlib import Path

from submeter.errors import ConfigError
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.modbus import credentials, roles
from submeter.modbus.connection import Connection
from submeter.modbus.settings import TlsSettings
from submeter.modbus.spells import Spells, quiet
from submeter.modbus.turns import Turns
from submeter.modbus.unit import Peer

HANDSHAKE = 10.0
"""Seconds that a client has for its handshake, and for waiting until it may begin."""
_SHUTDOWN = 5.0
_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"  # of TLS 1.2; those of 1.3 are all like these

# X509_V_ERR_* of OpenSSL.
_NOT_YET, _EXPIRED, _PURPOSE = 9, 10, 26
_UNKNOWN = frozenset({2, 7, 18, 19, 20, 21})  # 7: one of the same name signed it


class Security:
    """The credentials of one listener, and what became of handshakes.

    Files are found from `folder`; raises ConfigError with a line for each fault. Every client that
    is refused is told to `audit`. A handshake costs hundreds of kilobytes before anything is known
    of a client, so few are under way at a time; the others wait, and cost next to nothing.
    """

    def __init__(self, settings: TlsSettings, folder: Path, audit: Audit) -> None:
        self.refused = 0
        self._roles = settings.roles
        self._audit = audit
        self._context = context(settings, folder)
        self._turns = Turns()

    async def handshake(
        self, plain: socket.socket, client: Connection, who: Who, spells: Spells
    ) -> bool:
        """Tell whether TLS came about on `plain`; its peer may have been refused even so."""
        client.on_made = partial(self._judge, client, who, spells)
        try:
            async with asyncio.timeout(HANDSHAKE), self._turns.turn(who.address):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: client,
                    plain,
                    ssl=self._context,
                    ssl_handshake_timeout=HANDSHAKE,
                    ssl_shutdown_timeout=_SHUTDOWN,
                )
        except OSError as error:
            self._refuse(who, reason(error), spells)
            error.__traceback__ = None  # else TLS objects refer to each other until gc comes round
            return False
        finally:
            client.on_made = None  # likewise
        return True

    def _judge(
        self, client: Connection, who: Who, spells: Spells, secure: asyncio.Transport
    ) -> None:
        """Open `client` on `secure` if the role of its peer lets it in."""
        session = secure.get_extra_info("ssl_object")
        right, why = roles.judge(session.getpeercert(binary_form=True), self._roles)
        if right is None:
            self._refuse(who, why, spells)
            secure.abort()
        else:
            client.open(secure, Peer(who, may_write=right == "write"))

    def _refuse(self, who: Who, why: str, spells: Spells) -> None:
        self.refused += 1
        self._audit.note("tls_refused", who=str(who), at=Instant.now(), reason=why)
        detail = f'first={who.address} reason="{why}"'
        spells.begin("tls_refused", detail, "tls_quiet", quiet(lambda: self.refused))


def faults(settings: TlsSettings, folder: Path) -> list[tuple[str, str]]:
    """Return what is wrong with the files, by the key of `settings`."""
    return credentials.look(*_files(settings, folder)).faults


def warnings(settings: TlsSettings, folder: Path) -> list[str]:
    """Return log lines on certificates that have ended, or will soon, and on readable keys."""
    return credentials.look(*_files(settings, folder)).warnings


def _files(settings: TlsSettings, folder: Path) -> tuple[Path, Path, Path]:
    return folder / settings.certificate, folder / settings.key, folder / settings.authority


def context(settings: TlsSettings, folder: Path) -> ssl.SSLContext:
    """Return the context of the listener; raises ConfigError with a line for each fault."""
    files = credentials.check(*_files(settings, folder))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED
    made.set_ciphers(_SUITES)
    made.num_tickets = 0  # of TLS 1.3; those of 1.2 keep OpenSSL from remembering every session
    try:
        made.load_cert_chain(files.certificate, files.key)
        made.load_verify_locations(cadata=files.authority)
    except ssl.SSLError as error:
        fault = f"modbus.tls.certificate: OpenSSL refuses {files.certificate}: {_words(error)}"
        raise ConfigError(f"{fault}; make another one") from None
    return made


def reason(error: OSError) -> str:
    """Return in a few words why a handshake failed; nothing that the peer could have chosen."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error)
    if isinstance(error, ssl.SSLError):
        return _of_protocol(error)
    if isinstance(error, ConnectionAbortedError | TimeoutError):
        return "time-out"
    return "connection lost"


def _of_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "expired certificate"
    if error.verify_code == _NOT_YET:
        return "certificate not valid yet"
    if error.verify_code in _UNKNOWN:
        return "unknown authority"
    if error.verify_code == _PURPOSE:
        return "certificate not for clients"
    return error.verify_message


def _of_protocol(error: ssl.SSLError) -> str:
    word = _reason(error)
    if word == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "no certificate"
    if word in ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW"):
        return "wrong version"
    if word in ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "WRONG_VERSION_NUMBER"):
        return "not TLS"
    if "ALERT" in word:
        return f"the client ended it: {_words(error)}"
    return _words(error)


def _words(error: ssl.SSLError) -> str:
    return (_reason(error) or "no reason given").lower().replace("_", " ")


def _reason(error: ssl.SSLError) -> str:
    """Return OpenSSL's word for it; errors that Python raises itself have none."""
    return getattr(error, "reason", None) or ""
