// An SMSC as the README of node-smpp (npm: smpp) shows one: node node_server.js PORT, from a folder with node_modules.
// It takes every bind and submit_sm, and sends a receipt at once where one is asked for.
const path = require('path');
const smpp = require(path.join(process.cwd(), 'node_modules', 'smpp'));

let last = 0;

function stamp() {
  return new Date().toISOString().slice(2, 16).replace(/[-T:]/g, '');
}

const server = smpp.createServer((session) => {
  session.on('error', () => session.destroy());
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(bind, (pdu) => session.send(pdu.response({ system_id: 'node-smpp' })));
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => session.send(pdu.response(), () => session.close()));
  session.on('submit_sm', (pdu) => {
    const id = String(++last).padStart(16, '0');
    session.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery & 1) {
      session.deliver_sm({
        source_addr_ton: pdu.dest_addr_ton,
        source_addr_npi: pdu.dest_addr_npi,
        source_addr: pdu.destination_addr,
        dest_addr_ton: pdu.source_addr_ton,
        dest_addr_npi: pdu.source_addr_npi,
        destination_addr: pdu.source_addr,
        esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
        short_message: {
          message: `id:${id} sub:001 dlvrd:001 submit date:${stamp()} done date:${stamp()} stat:DELIVRD err:000 text:`,
        },
      });
    }
  });
});

server.listen(Number(process.argv[2]), '127.0.0.1');
