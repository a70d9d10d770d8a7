"""Octets and text: GSM 7-bit, data coding schemes, concatenated SMS, USSD screens. No I/O."""
