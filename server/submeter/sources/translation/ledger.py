"""An index made of registers that begin anew: the sum of what each of them came to."""

import json


class Ledger:
    """Keeps the last reading of every account of every book.

    A book is a point of one instrument, an account a period and a tariff in it. `entries` are whole
    numbers in the unit that the point is counted in.
    """

    MOST = 10_000
    """Accounts of a book; 20 tariffs of a month for 40 years. More are damage, and not taken."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, int]] = {}

    def total(self, book: str, account: tuple[str, ...], reading: int) -> int | None:
        """Take a reading of an account, and return the sum of all of `book`.

        None if the account's register fell, which it never does within its period, or if there
        are too many accounts.
        """
        accounts = self.entries.setdefault(book, {})
        key = _key(account)
        if key not in accounts and len(accounts) >= self.MOST:
            return None
        if reading < accounts.get(key, 0):
            return None
        accounts[key] = reading
        return sum(accounts.values())

    def close(self, book: str, account: tuple[str, ...], reading: int) -> None:
        """Take what an account came to in the end, if it was opened here and did not fall."""
        accounts = self.entries.get(book, {})
        key = _key(account)
        if reading > accounts.get(key, reading):
            accounts[key] = reading

    def saved(self) -> dict[str, dict[str, int]]:
        """Return the entries as plain data."""
        return self.entries

    def restore(self, saved: object) -> None:
        """Go on from `saved`; raises ValueError if it makes no sense."""
        if not isinstance(saved, dict):
            raise ValueError("the ledger is no table")
        for accounts in saved.values():
            if not isinstance(accounts, dict) or not all(
                isinstance(each, int) and each >= 0 for each in accounts.values()
            ):
                raise ValueError("an account of the ledger has no whole number")
        self.entries = {point: dict(accounts) for point, accounts in saved.items()}


def _key(account: tuple[str, ...]) -> str:
    return json.dumps(account, ensure_ascii=False)
