// A USSD application for Africa's Talking in plain Node.js. It listens on a free port and prints it.

'use strict';

const http = require('http');

http.createServer((request, response) => {
	let body = '';
	request.on('data', (chunk) => (body += chunk));
	request.on('end', () => {
		const form = new URLSearchParams(body);
		const [fruit, count] = form.get('text').split('*');
		response.setHeader('Content-Type', 'text/plain');
		if (!fruit) {
			response.end('CON Which fruit?\n1. Apples\n2. Bananas');
		} else if (!count) {
			response.end('CON How many?');
		} else if (Number(count) > 9) {
			response.writeHead(500).end('out of stock');
		} else {
			response.end(`END ${form.get('phoneNumber')}: ${count} ${fruit === '1' ? 'apples' : 'bananas'}`);
		}
	});
}).listen(0, '127.0.0.1', function () {
	console.log(this.address().port);
});
