"""SMPP over TLS, with certificates that the commands of docs/smpp.md make."""

import asyncio
import ssl
import subprocess

import pytest

from tests.applications.smsc.conftest import PATIENCE
from ussd_gateway.applications.smsc.tls import CertificateError, server_context
from ussd_gateway.fault_rule import FaultRule
from ussd_gateway.smpp.commands import DeliverSm, SubmitSm, Unbind


@pytest.fixture
def tls(certificates):
    return server_context(certificates / "smpp.crt", certificates / "smpp.key")


@pytest.fixture
def strict_tls(certificates):
    return server_context(certificates / "smpp.crt", certificates / "smpp.key", certificates / "clients.crt")


def submit(number):
    return SubmitSm(
        sequence_number=number, destination_addr="70001000001", short_message=b"x" * 100, registered_delivery=1
    )


async def refused(site, **given):
    """The connection, or the first read of it, fails."""
    try:
        esme = await site.connect(**given)
        return await esme.bind() is None
    except OSError:  # of which ssl.SSLError is one
        return True


async def test_an_esme_binds_submits_and_receives_over_tls(new_site, tls, trusting):
    async with new_site(tls=tls) as site:
        site.handset()
        esme = await site.connect(ssl=trusting())
        assert (await esme.bind()).command_status == 0
        await esme.send(*(submit(number) for number in range(2, 502)))  # more than one read brings
        received = [await esme.receive() for _ in range(1000)]
        assert sum(isinstance(pdu, DeliverSm) for pdu in received) == 500
        (bind,) = site.smsc.account("test")["binds"]
        assert bind["tls"] is True
        site.smsc.unbind("test")
        assert await esme.is_unbound()


async def test_a_fault_resets_a_connection_of_tls(new_site, tls, trusting, caplog):
    async with new_site(tls=tls) as site:
        site.handset()
        esme = await site.connect(ssl=trusting())
        await esme.bind()
        site.faults.replace([FaultRule(effect="drop", kind="reset", nth=2).rule()])
        await esme.send(*(SubmitSm(sequence_number=number, destination_addr="70001000001") for number in (2, 3)))
        assert (await esme.receive()).sequence_number == 2
        with pytest.raises(ConnectionResetError):
            await esme.receive()
    assert not caplog.records


async def test_a_slow_answer_to_an_unbind_comes_over_tls(new_site, tls, trusting):
    async with new_site(tls=tls) as site:
        esme = await site.connect(ssl=trusting())
        await esme.bind()
        site.faults.replace([FaultRule(effect="slow", command="unbind", seconds=5).rule()])
        await esme.send(Unbind(sequence_number=2))
        (connection,) = site.smsc.connections
        async with asyncio.timeout(PATIENCE):
            while connection.bound:
                await site.gateway.committed()
        await site.gateway.advance(5)
        assert (await esme.receive()).sequence_number == 2
        assert await esme.receive() is None


async def test_an_esme_without_a_certificate_is_not_let_in_where_it_needs_one(new_site, strict_tls, trusting, caplog):
    async with new_site(tls=strict_tls) as site:
        assert await refused(site, ssl=trusting())
        esme = await site.connect(ssl=trusting("shop"))
        assert (await esme.bind()).command_status == 0
        assert [connection.bound for connection in site.smsc.connections] == [True]
    assert not caplog.records


async def test_a_certificate_of_somebody_else_is_none(new_site, strict_tls, trusting):
    async with new_site(tls=strict_tls) as site:
        assert await refused(site, ssl=trusting("smpp"))


async def test_who_speaks_plain_smpp_on_the_tls_port_harms_nobody(new_site, tls, trusting, caplog):
    async with new_site(tls=tls) as site:
        esme = await site.connect(ssl=trusting())
        await esme.bind()
        assert await refused(site)
        assert (await esme.ask(submit(2))).command_status == 0
        assert len(site.smsc.connections) == 1
    assert not caplog.records


async def test_who_speaks_tls_on_the_plain_port_harms_nobody(site, trusting, caplog):
    esme = await site.bound()
    assert await refused(site, ssl=trusting())
    assert (await esme.ask(submit(2))).command_status == 0
    assert not caplog.records


async def test_who_vanishes_is_forgotten(new_site, tls, trusting, caplog):
    async with new_site(tls=tls) as site:
        esme = await site.connect(ssl=trusting())
        await esme.bind()
        esme.reset()
        async with asyncio.timeout(PATIENCE):
            while site.smsc.connections:
                await site.gateway.committed()
        assert site.smsc.account("test")["binds"] == []
    assert not caplog.records


def test_files_that_cannot_be_used_are_named(certificates, tmp_path):
    certificate, key = certificates / "smpp.crt", certificates / "smpp.key"
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    locked = tmp_path / "locked.key"
    lock = ["openssl", "pkcs8", "-topk8", "-in", str(key), "-out", str(locked), "-passout", "pass:secret"]
    subprocess.run(lock, check=True)
    rows = [
        ((tmp_path / "no.crt",), "^tls_certificate: there is no file "),
        ((certificate, tmp_path / "no.key"), "^tls_key: there is no file "),
        ((certificate,), "^tls_certificate: .*smpp.crt and its certificate cannot be used: "),
        ((nothing, key), "^tls_key: "),
        ((certificate, certificates / "shop.key"), "^tls_key: .*shop.key"),
        ((certificate, locked), "the key has no passphrase"),
        ((certificate, key, nothing), "^tls_client_ca: .* has no certificate in PEM"),
    ]
    for files, said in rows:
        with pytest.raises(CertificateError, match=said):
            server_context(*files)


def test_old_versions_of_tls_are_not_spoken(tls):
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_who_connects_and_says_nothing_does_not_keep_the_smsc_from_stopping(new_site, tls, caplog):
    async with new_site(tls=tls) as site:
        await site.connect()
    assert not caplog.records


async def test_what_one_who_does_not_read_is_to_get_waits_in_the_network(new_site, tls, trusting):
    async with new_site(tls=tls, window=10**6) as site:
        anna = site.handset()
        esme = await site.connect(ssl=trusting())
        await esme.bind()
        for _ in range(60):  # until the system's buffers are full, and then some
            for _ in range(1000):
                anna.send("5001", "x" * 160)
            await site.gateway.committed()
        account = site.smsc.account("test")
        assert account["waiting"] > 0
        assert account["binds"][0]["window"]["unanswered"] + account["waiting"] == 60_000
        assert (await esme.receive()).short_message == b"x" * 160
