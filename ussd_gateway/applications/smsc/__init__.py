"""The SMSC: ESMEs that bind over SMPP."""
