"""The address guard: which addresses are public, in whatever way they are written."""

from __future__ import annotations

import asyncio

import pytest

from flows.readers.address import is_public
from flows.readers.files import Failure
from flows.readers.http import Fetcher, Limits, Request


def words(text: str) -> list[str]:
    return text.split()


CLOSED = words("""
127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
169.254.170.2 100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16 192.0.0.192 192.0.2.1 198.18.0.1 198.19.255.255
198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 192.88.99.1
::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1
2001:db8::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2002:7f00:1::1 2002:c0a8:101::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
64:ff9b:1::1 100::1 5f00::1 3fff::1 ::ffff:0:127.0.0.1
2130706433 0x7f000001 0177.0.0.1 017700000001 127.1 localhost example.org 1.2.3.4.5 256.1.1.1 1.2.3 [::1]
""")
OPEN = words("""
1.1.1.1 8.8.8.8 93.184.215.14 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.1 169.253.255.255 192.0.1.1 198.17.255.255 198.20.0.1
223.255.255.254 168.63.129.15 ::ffff:8.8.8.8 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001::1 64:ff9b::808:808 2002:808:808::1
""")


@pytest.mark.parametrize("address", CLOSED)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_what_is_public(address: str) -> None:
    assert is_public(address)


URLS = words("""
http://127.0.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.0.0.1/ http://017700000001/ http://0177.0.0.01/ http://127.1/ http://127.0.1/
http://0/ http://0.0.0.0/ http://localhost/ http://LOCALHOST/ http://localhost./ http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/
http://[::ffff:7f00:1]/ http://[0:0:0:0:0:0:0:1]/ http://[fe80::1]/ http://[fd00:ec2::254]/ http://169.254.169.254/latest/meta-data/ http://2852039166/
http://0xa9fea9fe/ http://[::ffff:169.254.169.254]/ http://100.100.100.200/ http://192.168.0.1:8080/ http://10.1/ http://224.0.0.1/ http://255.255.255.255/
http://127.0.0.1:22/ http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://[64:ff9b::7f00:1]/ http://[2002:7f00:1::]/ http://user@127.0.0.1/
http://8.8.8.8@127.0.0.1/ http://127.0.0.1%2f@8.8.8.8/ http://127.0.0.1\\\\@8.8.8.8/ http://[::1%25lo]/ file:///etc/passwd gopher://127.0.0.1/ http:///etc/passwd
http://ip6-localhost/ http://127.0.0.1.nip.invalid/
""")


def test_no_way_of_writing_an_address_leads_inwards() -> None:
    async def run() -> list[str | None]:
        limits = Limits(connect=0.5, total=1.0, attempts=1, backoff=0.0)
        async with Fetcher(limits) as fetcher:
            got = [await fetcher.fetch(Request(url, pause=0.0)) for url in URLS]
        assert all(isinstance(g.content, Failure) for g in got)
        return [g.reason for g in got]

    reasons = asyncio.run(run())
    # Refused by the guard, no address at all, or no name anybody knows: never connected to.
    assert set(reasons) <= {"private_address", "bad_address", "unknown_host"}, dict(zip(URLS, reasons, strict=True))
    assert reasons.count("private_address") >= 25
