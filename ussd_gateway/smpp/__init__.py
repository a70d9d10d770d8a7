"""SMPP 3.4 and 5.0: PDUs, connection states, times and receipts. Pure: octets in, PDUs out, and the other way round."""

import ussd_gateway.smpp.commands  # noqa: F401 - whoever decodes knows every command
