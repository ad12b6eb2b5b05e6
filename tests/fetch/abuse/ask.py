"""The client's side of the abuse matrix, in a process of its own: `python -m tests.fetch.abuse.ask PORTS`.

Reads rows of `tests/cases/fetch/abuse.jsonl` from standard input and writes for each what became of it: the reason,
the text of what was kept, the time it took and the highest memory of the process. Rows that wait for time to pass
(`"slow": true`) are asked all at once, the others one after the other, so that the memory is that of one case.
"""

import asyncio
import gc
import json
import socket
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from tasks.charset import decode_bytes
from tasks.fetch.body import unpack
from tasks.fetch.client import Client
from tasks.fetch.records import Answer, CrawlOptions, Validators
from tasks.fetch.url_guard import WebAddress, parse_address
from tasks.outcome import Unusable

OPTIONS = CrawlOptions(connect_timeout_s=0.8, first_byte_timeout_s=0.8, timeout_s=1.0, allow_private=True)
# Floods are a matter of bytes, not of time; this machine may be busy.
PATIENT = replace(OPTIONS, connect_timeout_s=10.0, first_byte_timeout_s=20.0, timeout_s=20.0)


class Names(AbstractResolver):
    """A name server with a mind of its own: each look-up has its answer, the last one is for all that follow.

    An answer is a list of addresses, `null` for a name that does not exist, or `"silent"` for none in time.
    """

    def __init__(self, lookups: list[list[str] | str | None]) -> None:
        self._lookups = lookups

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = self._lookups.pop(0) if len(self._lookups) > 1 else self._lookups[0]
        if found == "silent":
            await asyncio.sleep(20)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0) for one in found]

    async def close(self) -> None:
        pass


def address_of(case: dict[str, Any], ports: dict[str, int]) -> WebAddress:
    """Return where a row is served. The guard of addresses is not what is tested here, so nothing is private to it."""
    listener = case.get("listener", "plain")
    scheme = case.get("scheme", "http")
    host = case.get("host", "127.0.0.1")
    url = f"{scheme}://{host}:{ports[listener]}/{case['label']}{case.get('suffix', '')}"
    return parse_address(url, allow_private=True)


def options_of(case: dict[str, Any]) -> CrawlOptions:
    options = OPTIONS if case.get("slow") else PATIENT
    known = {one.name for one in fields(CrawlOptions)}
    return replace(options, **{name: value for name, value in case.get("options", {}).items() if name in known})


async def ask(case: dict[str, Any], ports: dict[str, int]) -> dict[str, Any]:
    async with Client(options_of(case), Names(case.get("lookups", [None]))) as client:
        address = address_of(case, ports)
        started = time.monotonic()
        for _ in range(case.get("times", 1)):
            answer = await client.ask(address, Validators(**case.get("validators", {})))
        seconds = time.monotonic() - started
    return {"label": case["label"], **seen(answer, options_of(case)), "seconds": round(seconds, 3)}


def seen(answer: Answer, options: CrawlOptions) -> dict[str, Any]:
    trouble = answer.trouble
    found = {"status": answer.status, "reason": None, "detail": "", "text": "", "length": len(answer.body)}
    if trouble is not None:
        return found | {"reason": trouble.reason.value, "detail": trouble.detail}
    if answer.status == 200:
        try:
            body = unpack([answer.body], answer.content_encoding, options.max_bytes)
            found["text"] = decode_bytes(body, answer.charset_label, markup=True).text[:2000]
        except Unusable as error:
            found["text"] = f"{error.reason.value} {error.detail}"
    return found


def peak_bytes() -> int:
    """Return the highest memory since the last call."""
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5")
    return peak * 1024


async def main() -> None:
    ports = json.loads(sys.argv[1])
    cases = [json.loads(line) for line in sys.stdin]
    peak_bytes()
    for case in cases:
        if not case.get("slow"):
            gc.collect()
            report([await ask(case, ports)])
    report(await asyncio.gather(*[ask(case, ports) for case in cases if case.get("slow")]))


def report(results: list[dict[str, Any]]) -> None:
    peak = peak_bytes()
    for result in results:
        sys.stdout.write(json.dumps(result | {"peak_bytes": peak}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
