"""The program that comes with the operator's modems (R145-R148): a subscriber whose SIM is the log-in."""
