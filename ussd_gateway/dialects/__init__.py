"""How USSD gateways and aggregators call an application over HTTP, each in a dialect of its own. No I/O, no asyncio, no clock."""
