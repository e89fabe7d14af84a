"""`submeter pki`: a small authority for a site, and the certificates of its server and clients."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from submeter.plainly import plainly

if TYPE_CHECKING:
    from submeter.pki.files import Content
    from submeter.pki.identity import Identity

LONGEST = 36_500  # days

pki = typer.Typer(
    name="pki", help="Make the certificates of Modbus/TCP Security.", no_args_is_help=True
)

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where ca.crt and ca.key stand, or will.")
]
Days = Annotated[int, typer.Option("--days", min=1, max=LONGEST, help="How long it is valid.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


@pki.command(epilog='Example: submeter pki authority site --name "Site CA"')
def authority(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="Its name, as 'Site CA'.")],
    days: Days = 3650,
    force: Force = False,
) -> None:
    """Make an authority: ca.crt for everybody, ca.key to keep under lock."""
    with plainly():
        from submeter.pki import authority as making
        from submeter.pki import names

        now = _now()
        _keep(making.make(names.authority(name), days, now), folder, "ca", force, now)


@pki.command(epilog="Example: submeter pki server site meter.local 192.0.2.7")
def server(
    folder: Folder,
    hosts: Annotated[
        list[str],
        typer.Argument(metavar="HOST...", help="Names and addresses that clients connect to."),
    ],
    days: Days = 825,
    force: Force = False,
) -> None:
    """Make server.crt and server.key for the submeter, signed by the authority in FOLDER."""
    with plainly():
        from submeter.pki import authority as making
        from submeter.pki import issue, names

        now = _now()
        wanted = names.hosts(hosts)
        made = issue.server(making.load(folder, now), wanted, days, now)
        _keep(made, folder, "server", force, now)


@pki.command(epilog="Example: submeter pki client site bms --role operator")
def client(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name; its files are called so.")],
    role: Annotated[
        str, typer.Option("--role", help="As below modbus.tls.roles: operator, reader.")
    ],
    days: Days = 825,
    p12: Annotated[
        bool, typer.Option("--p12", help="Also NAME.p12, with a password that is asked for.")
    ] = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read that password from standard input.")
    ] = False,
    force: Force = False,
) -> None:
    """Make NAME.crt and NAME.key for a client, signed by the authority in FOLDER."""
    with plainly():
        from submeter.errors import ConfigError
        from submeter.pki import authority as making
        from submeter.pki import files, issue, names, p12_password

        if stdin and not p12:
            raise ConfigError("--stdin is for the password of --p12")
        now = _now()
        called, allowed = names.client(name), names.role(role)
        signer = making.load(folder, now)
        made = issue.client(signer, called, allowed, days, now)
        more = []
        if p12:
            if not force:
                files.expect_free(folder / f"{called}.{each}" for each in ("crt", "key", "p12"))
            data = made.p12(called, signer.certificate, p12_password.ask(stdin))
            more = [files.Content(folder / f"{called}.p12", data, files.PRIVATE)]
        _keep(made, folder, called, force, now, *more)


@pki.command(epilog="Example: submeter pki show site/server.crt")
def show(file: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate.")]) -> None:
    """Say whose a certificate is, what for, which role it gives and until when."""
    with plainly():
        from submeter.pki import show as description

        print(description.text(file, _now()))


def _now() -> datetime:
    """Return the time in UTC to the second, as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _keep(
    made: "Identity", folder: Path, stem: str, force: bool, now: datetime, *more: "Content"
) -> None:
    """Write the files of `made` and say what they are."""
    from submeter.pki import show as description
    from submeter.pki.files import PRIVATE, Content, write

    certificate = Content(folder / f"{stem}.crt", made.certificate_pem())
    private = [Content(folder / f"{stem}.key", made.key_pem(), PRIVATE), *more]
    write([certificate, *private], force)
    print(f"{certificate.path}: valid {description.validity(made.certificate, now)}")
    for each in private:
        print(f"{each.path}: private, readable for you alone")
