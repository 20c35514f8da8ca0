"""A workload that notes what was acknowledged, against a host that is killed, and the proof that nothing was lost."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.devhost.conftest import free_port
from tests.devhost.sample import ledger

ZYGOTE = Path(__file__).with_name("zygote.py")
TURNS = 4


class Nursery:
    """Starts hosts through the zygote and kills them."""

    def __init__(self, data: Path, mode: str = "cached") -> None:
        self.data, self.mode, self.port = data, mode, free_port()
        self._zygote: asyncio.subprocess.Process | None = None
        self.pid = 0
        self.kills = 0

    async def __aenter__(self) -> "Nursery":
        self._zygote = await asyncio.create_subprocess_exec(
            sys.executable, str(ZYGOTE), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        if self._zygote:
            self._zygote.kill()
            await self._zygote.wait()

    async def start(self, crash: tuple[str, int] | None = None) -> None:
        """Start a host; returns when it is ready (or has died at its crash point)."""
        assert self._zygote and self._zygote.stdin and self._zygote.stdout
        order = {"data": str(self.data), "port": self.port, "mode": self.mode, "crash": crash}
        self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
        answer = json.loads(await self._zygote.stdout.readline())
        assert answer["ready"] or crash, "the host could not start"
        self.pid = answer["pid"]

    def processor_seconds(self) -> float:
        """What the host has computed so far: how long it took, without what others on the machine took from it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> bool:
        """kill -9; False if the host was dead already."""
        if not self.pid:
            return False
        pid, self.pid = self.pid, 0
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        while _exists(pid):
            pass
        self.kills += 1
        return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Workload:
    """Conversations with events, relays, fans and sessions; every request is repeated until it is acknowledged."""

    def __init__(self, port: int, size: int) -> None:
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
        self.conversations = [f"conversation-{i}" for i in range(size)]
        self.relays = [f"relay-{i}" for i in range(size)]
        self.fans = [f"fan-{i}" for i in range(max(1, size // 2))]
        self.sessions = [f"session-{i}" for i in range(size)]

    async def run(self) -> None:
        """Play everything, concurrently; ends when all has been acknowledged."""
        parts = [self._play("conversation", i, {"turns": TURNS}) for i in self.conversations]
        parts += [self._play("relay", i, {"turn": 0, "turns": TURNS, "said": []}) for i in self.relays]
        parts += [self._start("fan_out", i, 3) for i in self.fans]
        parts += [self._send(session) for session in self.sessions]
        await asyncio.gather(*parts)

    async def _until(self, method: str, url: str, accepted: set[int], **more: Any) -> httpx.Response:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._http.request(method, url, **more)
                if answer.status_code in accepted:
                    return answer
            await asyncio.sleep(0.02)

    async def _start(self, name: str, instance: str, given: Any) -> None:
        """Started once it is known: a start whose answer was lost is refused when repeated."""
        while (await self._status(instance)) is None:
            with contextlib.suppress(httpx.HTTPError):
                await self._http.post(f"/api/start/{name}/{instance}", json=given)
            await asyncio.sleep(0.01)

    async def _play(self, name: str, instance: str, given: Any) -> None:
        await self._start(name, instance, given)
        for turn in range(TURNS):
            await self._raise(instance, turn)
            if name == "relay":  # events not awaited die when an orchestration continues as new
                await self._wait_for_turn(instance, turn + 1)

    async def _raise(self, instance: str, turn: int) -> None:
        """Raised once it is acknowledged, or once the instance has ended (the answer to the last one was lost)."""
        while True:
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._http.post(f"/api/raise/{instance}/bell-{turn}", json={"n": turn})
                if answer.status_code == 202:
                    return
            state = await self._status(instance)
            if state and state["runtimeStatus"] == "Completed":
                return

    async def _wait_for_turn(self, instance: str, turn: int) -> None:
        while True:
            state = await self._status(instance)
            if state and (state["runtimeStatus"] == "Completed" or json.loads(state["input"])["turn"] >= turn):
                return
            await asyncio.sleep(0.02)

    async def _send(self, session: str) -> None:
        for number in range(TURNS * 2):
            query = {"sessionId": session, "messageId": f"{session}-{number}"}
            await self._until("POST", "/admin/queues/bus/parcels", {201}, content=str(number), params=query)

    async def _status(self, instance: str) -> dict[str, Any] | None:
        answer = await self._until("GET", f"/api/status/{instance}", {200, 404})
        return dict(answer.json()) if answer.status_code == 200 else None

    async def results(self, instances: list[str], timeout_seconds: float = 60) -> dict[str, Any]:
        """The outputs of finished instances; fails if one does not finish in time."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        found: dict[str, Any] = {}
        for instance in instances:
            while True:
                state = await self._status(instance)
                if state and state["runtimeStatus"] not in ("Pending", "Running"):
                    found[instance] = state["output"]
                    break
                assert asyncio.get_running_loop().time() < deadline, f"{instance} is stuck: {state}"
                await asyncio.sleep(0.02)
        return found

    async def prove(self, data: Path) -> Counter[str]:
        """Everything acknowledged took effect: once and in order in orchestrations, at least once in activities."""
        said = [f"{turn}:{{'n': {turn}}}" for turn in range(TURNS)]
        outputs = await self.results([*self.conversations, *self.relays, *self.fans])
        for instance in [*self.conversations, *self.relays]:
            assert outputs[instance] == said, (instance, outputs[instance])
        for fan in self.fans:
            assert outputs[fan] == sum(n + 1 + 5 for n in range(3))
        await self._drained(data)
        repeats: Counter[str] = Counter()
        lines = ledger.read(data / "ledger")
        for instance in [*self.conversations, *self.relays]:
            turns = [value[1] for kind, value in lines if kind == "note" and value[0] == instance]
            assert turns == sorted(turns) and set(turns) == set(range(TURNS)), (instance, turns)
            repeats["activities repeated"] += len(turns) - TURNS
        for session in self.sessions:
            numbers = [int(value[1]) for kind, value in lines if kind == "parcel" and value[0] == session]
            assert numbers == sorted(numbers) and set(numbers) == set(range(TURNS * 2)), (session, numbers)
            repeats["messages repeated"] += len(numbers) - TURNS * 2
        await self._http.aclose()
        return repeats

    async def _drained(self, data: Path) -> None:
        while (await self._until("GET", "/admin/host/status", {200})).json()["queues"]:
            await asyncio.sleep(0.02)
