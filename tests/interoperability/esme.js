// An ESME made of node-smpp. It does what each line of its standard input says, and prints each thing it hears; JSON both ways.
//
//     {"command": "bind_transceiver", "fields": {"system_id": "test", "password": "test"}}
//
// prints {"heard": "bind_transceiver_resp", "command_status": 0, ...}. {"hex": "0102"} stands for octets, in both directions.

'use strict';

const smpp = require('smpp');
const readline = require('readline');

const [host, port] = process.argv.slice(2);
const session = smpp.connect({url: `smpp://${host}:${port}`});

function shown(value) {
	if (Buffer.isBuffer(value)) {
		return {hex: value.toString('hex')};
	}
	if (Array.isArray(value)) {
		return value.map(shown);
	}
	if (value instanceof Date || value === null || typeof value !== 'object') {
		return value;
	}
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)]));
}

function octets(value) {
	if (value === null || typeof value !== 'object') {
		return value;
	}
	if ('hex' in value) {
		return Buffer.from(value.hex, 'hex');
	}
	return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, octets(each)]));
}

function say(heard, facts) {
	process.stdout.write(JSON.stringify({...shown(facts), heard}) + '\n');
}

session.on('connect', () => say('connect', {}));
session.on('error', (error) => say('error', {message: String(error.message || error)}));
session.on('close', () => {
	say('close', {});
	process.exit();
});
session.on('pdu', (pdu) => {
	say(pdu.command, {...pdu});
	if (!pdu.isResponse()) {
		session.send(pdu.response());
	}
	if (pdu.command === 'unbind') {
		session.close();
	}
});

readline.createInterface({input: process.stdin}).on('line', (line) => {
	const {command, fields = {}} = JSON.parse(line);
	session[command](octets(fields));
});
