"""Requests to programs on this machine: httpx would read 140 certificates for every new client, which takes 20 ms."""

import ssl
from functools import partial

import httpx

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

new_client = partial(httpx.Client, trust_env=False, verify=NO_CERTIFICATES)
request = partial(httpx.request, trust_env=False, verify=NO_CERTIFICATES)
get = partial(httpx.get, trust_env=False, verify=NO_CERTIFICATES)
post = partial(httpx.post, trust_env=False, verify=NO_CERTIFICATES)
patch = partial(httpx.patch, trust_env=False, verify=NO_CERTIFICATES)
