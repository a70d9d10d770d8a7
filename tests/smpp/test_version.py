"""Which version both sides speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_gateway.smpp.tlv import Tag
from ussd_gateway.smpp.version import Version, negotiated

V3_3, V3_4, V5_0 = Version


@pytest.mark.parametrize(
    ("interface_version", "version", "shown"),
    [
        (0x00, V3_3, "3.3"),
        (0x33, V3_3, "3.3"),
        (0x34, V3_4, "3.4"),
        (0x4F, V3_4, "3.4"),
        (0x50, V5_0, "5.0"),
        (0xFF, V5_0, "5.0"),
    ],
)
def test_the_newest_that_both_know_is_spoken(interface_version, version, shown):
    assert negotiated(interface_version) is version
    assert str(version) == shown


@given(st.integers(0, 0xFF))
def test_nobody_is_spoken_to_in_a_newer_version_than_it_asked_for(interface_version):
    assert negotiated(interface_version) <= max(interface_version, V3_3)


def test_what_the_smsc_does_by_it():
    assert [version.takes_tlvs for version in Version] == [False, True, True]
    assert [version.takes_congestion_state for version in Version] == [False, False, True]
    assert [version.most_destinations for version in Version] == [254, 254, 255]
    tag = Tag.SC_INTERFACE_VERSION
    assert [version.bind_tlvs for version in Version] == [(), ((tag, b"\x34"),), ((tag, b"\x50"),)]
