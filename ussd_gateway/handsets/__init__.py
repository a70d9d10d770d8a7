"""Who holds a SIM: over HTTP, in a script, on a page, behind a modem."""
