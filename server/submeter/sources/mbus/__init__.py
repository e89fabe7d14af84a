"""M-Bus meters, asked by us as the master of the line (EN 13757-2 and -3)."""
