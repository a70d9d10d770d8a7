"""The certificates of SMPP over TLS."""

from __future__ import annotations

import ssl
from pathlib import Path


class CertificateError(ValueError):
    """A file of certificates cannot be used; the message begins with the setting that names it."""


def server_context(certificate: Path, key: Path | None = None, client_ca: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 and newer for a listener. CertificateError for files that cannot be used.

    key        None where it stands in the file of the certificate; it has no passphrase
    client_ca  whose signature the certificate of each client has to carry; None asks clients for none
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for name, path in (("tls_certificate", certificate), ("tls_key", key), ("tls_client_ca", client_ca)):
        if path is not None and not path.is_file():
            raise CertificateError(f"{name}: there is no file {path}")
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise CertificateError(
            f"{'tls_key' if key else 'tls_certificate'}: {key or certificate} and its certificate cannot be used: both are"
            f" PEM, belong together, and the key has no passphrase ({error})"
        ) from error
    if client_ca:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ValueError) as error:
            raise CertificateError(f"tls_client_ca: {client_ca} has no certificate in PEM ({error})") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _no_passphrase() -> str:
    """Without it OpenSSL would ask at the terminal."""
    return ""
