"""What asyncio itself allows: python bare_server.py PORT answers each PDU after a look at its header, and no more.

All PDUs of one read are answered by one write. It stores nothing and sends no receipts.
"""

import asyncio
import struct
import sys

HEADER = struct.Struct(">IIII")
RESPONSE = struct.Struct(">IIII17s")
SUBMIT_SM = 0x00000004
UNBIND = 0x00000006
BINDS = (0x00000001, 0x00000002, 0x00000009)


class Bare(asyncio.BufferedProtocol):
    """One connection."""

    buffer = memoryview(bytearray(64 * 1024))
    message_id = 0

    def connection_made(self, transport):
        """A peer has connected."""
        self.transport = transport
        self.rest = b""

    def get_buffer(self, sizehint):
        """Where the next read lands."""
        return self.buffer

    def buffer_updated(self, nbytes):
        """Answer all that has come."""
        octets = self.rest + self.buffer[:nbytes]
        position, answers = 0, []
        while position + 16 <= len(octets):
            length, command_id, _, sequence_number = HEADER.unpack_from(octets, position)
            if length < HEADER.size or position + length > len(octets):
                break
            if command_id == SUBMIT_SM:
                Bare.message_id += 1
                message_id = b"%016x" % Bare.message_id
                answers.append(RESPONSE.pack(33, command_id | 0x80000000, 0, sequence_number, message_id))
            elif command_id in BINDS:
                answers.append(HEADER.pack(21, command_id | 0x80000000, 0, sequence_number) + b"bare\0")
            elif not command_id & 0x80000000:
                answers.append(HEADER.pack(16, command_id | 0x80000000, 0, sequence_number))
            position += length
        self.rest = octets[position:]
        self.transport.write(b"".join(answers))


async def main():
    """Listen until somebody ends the process."""
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
