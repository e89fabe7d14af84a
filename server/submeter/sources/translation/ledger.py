"""An index made of registers that begin anew: the sum of what each of them came to."""

import json


class Ledger:
    """Keeps the last reading of every account, an account being a period and a tariff of a point.

    `entries` are whole numbers in the unit that the point is counted in.
    """

    MOST = 10_000
    """Accounts; 20 tariffs of a month for 40 years. More are damage, and not taken."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, int]] = {}

    def total(self, point: str, account: tuple[str, ...], reading: int) -> int | None:
        """Take a reading of an account, and return the sum of all of `point`.

        None if the account's register fell, which it never does within its period, or if there
        are too many accounts.
        """
        accounts = self.entries.setdefault(point, {})
        key = json.dumps(account, ensure_ascii=False)
        if key not in accounts and len(accounts) >= self.MOST:
            return None
        if reading < accounts.get(key, 0):
            return None
        accounts[key] = reading
        return sum(accounts.values())

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
