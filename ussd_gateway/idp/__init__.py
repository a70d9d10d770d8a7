"""Identity providers: social networks that the simulator itself runs, as OAuth 2.0 authorization servers at /idp/<name>.

Each is an aiohttp application of its own and knows nothing of those who log in through it but what every client of RFC 6749
registers. People, codes and tokens are in memory: they go with the program.
"""
