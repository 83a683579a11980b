"""Between aiohttp and the endpoints: reading, checking, refusing, answering."""
