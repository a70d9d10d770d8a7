"""SMPP 3.4: PDUs, connection states, times and receipts. Pure: octets in, PDUs out, and the other way round."""
