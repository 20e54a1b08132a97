"""The TLS settings that all connections to providers share; to make them anew takes about 20 ms."""

import ssl
from functools import cache

import httpx


@cache
def tls() -> ssl.SSLContext:
    """Checks certificates and names, also against `SSL_CERT_FILE`, for servers with an authority of their own.

    Made at the first connection and given to each client as https://www.python-httpx.org/advanced/ssl/ tells.
    """
    return httpx.create_ssl_context()
