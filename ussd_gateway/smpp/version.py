"""Which version of SMPP an ESME and the SMSC speak, and what follows from it."""

from __future__ import annotations

from enum import IntEnum

from ussd_gateway.smpp.tlv import Tag, Tlvs, encode_value


class Version(IntEnum):
    """A version that the SMSC speaks; the value is that of interface_version."""

    V3_3 = 0x33
    V3_4 = 0x34
    V5_0 = 0x50

    @property
    def takes_tlvs(self) -> bool:
        """An ESME of before 3.4 is sent no optional parameters (3.4, section 3.4)."""
        return self >= Version.V3_4

    @property
    def takes_congestion_state(self) -> bool:
        """5.0 brought this TLV of responses."""
        return self >= Version.V5_0

    @property
    def most_destinations(self) -> int:
        """How many destinations a submit_multi may have."""
        return 255 if self >= Version.V5_0 else 254

    @property
    def bind_tlvs(self) -> Tlvs:
        """What the response to a bind carries: sc_interface_version, for those who can read it."""
        tag = Tag.SC_INTERFACE_VERSION
        return ((tag, encode_value(tag, int(self))),) if self.takes_tlvs else ()

    def __str__(self) -> str:
        return f"{self >> 4}.{self & 0xF}"


def negotiated(interface_version: int) -> Version:
    """The newest version that both sides know; `interface_version` is the octet of the bind.

    Anything before 3.4 counts as 3.3, also the 0 of an ESME that does not say.
    """
    return max((version for version in Version if version <= interface_version), default=Version.V3_3)
