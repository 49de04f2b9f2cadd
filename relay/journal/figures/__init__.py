"""The counts and the money: kept in the transactions that change them, told to people."""
