"""An SMSC on smpp.twisted3: python twisted_server.py PORT, with a Python that has it.

It takes the bind test/test and every submit_sm, and sends a receipt where one is asked for.
"""

import itertools
import sys
from datetime import UTC, datetime

from smpp.pdu import pdu_types
from smpp.pdu.operations import DeliverSM
from smpp.twisted.config import SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse
from smpp.twisted.server import IAuthenticatedSMPP, SMPPServerFactory
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from zope.interface import implementer

RECEIPT = pdu_types.EsmClass(pdu_types.EsmClassMode.DEFAULT, pdu_types.EsmClassType.SMSC_DELIVERY_RECEIPT)
NO_RECEIPT = pdu_types.RegisteredDeliveryReceipt.NO_SMSC_DELIVERY_RECEIPT_REQUESTED

message_ids = itertools.count(1)


@implementer(IRealm)
class Realm:
    """Lets whoever has the password in."""

    def requestAvatar(self, avatar_id, mind, *interfaces):  # noqa: N802 - twisted's name
        """Nobody needs an avatar."""
        return IAuthenticatedSMPP, avatar_id, lambda: None


def submitted(system_id, connection, pdu):
    """Answer a submit_sm; the receipt leaves behind the answer."""
    message_id = b"%016d" % next(message_ids)
    if pdu.params["registered_delivery"].receipt != NO_RECEIPT:
        reactor.callLater(0, send_receipt, connection, pdu, message_id)
    return DataHandlerResponse(pdu_types.CommandStatus.ESME_ROK, message_id=message_id)


def send_receipt(connection, pdu, message_id):
    """The receipt of one message, by the connection that submitted it."""
    minute = datetime.now(UTC).strftime("%y%m%d%H%M").encode()
    asked = pdu.params
    receipt = DeliverSM(
        source_addr_ton=asked["dest_addr_ton"],
        source_addr_npi=asked["dest_addr_npi"],
        source_addr=asked["destination_addr"],
        dest_addr_ton=asked["source_addr_ton"],
        dest_addr_npi=asked["source_addr_npi"],
        destination_addr=asked["source_addr"],
        esm_class=RECEIPT,
        short_message=b"id:%b sub:001 dlvrd:001 submit date:%b done date:%b stat:DELIVRD err:000 text:"
        % (message_id, minute, minute),
    )
    connection.sendDataRequest(receipt).addErrback(lambda failure: None)


def main():
    """Listen until somebody ends the process."""
    checker = InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser("test", "test")
    config = SMPPServerConfig(msgHandler=submitted, systems={"test": {"max_bindings": 10_000}})
    portal = Portal(Realm())
    portal.registerChecker(checker)
    reactor.listenTCP(int(sys.argv[1]), SMPPServerFactory(config, portal), interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main()
