"""Several machines that do jobs together: where they meet, how each knows that the others live, and what they say.

The first machine holds torch's store of keys and values at an address that all were given; whoever is not the first
is its client. Each machine's number there goes up every second. One whose number stands still for half a minute is
lost, however it was: its plug may have been pulled. All of it goes over one thread, since a call to a store on a
machine that fell silent may not come back.
"""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from ra_bench.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # torch does not list it

    Question = tuple[Callable[[TCPStore], Any], "Future[Any]"]

Answer = TypeVar("Answer")

#: Seconds between two signs of life.
BEAT = 1.0
#: Seconds without one, after which a machine is lost.
LOST = 30.0
#: The same, where a connection to it broke.
SOON = 10.0
#: Seconds that others get to hear of the end before the store is gone.
_FAREWELL = 5.0
#: Seconds between two looks for what others say.
_LOOK = 0.1
#: What stands for a sign of life where a machine ended.
_LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One of `count` machines that do jobs together. The first, of rank 0, plans, tells and writes."""

    host: str
    port: int
    rank: int
    count: int

    @property
    def first(self) -> bool:
        """Whether it is this one that writes."""
        return self.rank == 0


class Line:
    """A process's connection to the store. That of a machine's command gives the signs of life."""

    def __init__(self, node: Node, store: TCPStore, *, beats: bool) -> None:
        self.node = node
        self._store, self._beats = store, beats
        self._questions: SimpleQueue[Question] = SimpleQueue()
        #: When a machine's number was last seen to change, and what it was; of those that were seen at all.
        self._heard: dict[int, tuple[float, str]] = {}
        self._answered = time.monotonic()
        self._ended, self._broken = Event(), False
        self._thread = Thread(target=self._serve, name="nodes", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[TCPStore], Answer]) -> Answer:
        """What the store answers.

        Raises
        ------
        LauncherError
            It does not: the first machine is lost.
        """
        from torch.distributed import DistError

        answer: Future[Any] = Future()
        self._questions.put((question, answer))
        deadline = time.monotonic() + LOST
        while not self._broken and time.monotonic() < deadline:
            with suppress(NoAnswer):
                try:
                    result: Answer = answer.result(_LOOK)
                except DistError:
                    break
                return result
        raise LauncherError(self.loss(0))

    def say(self, name: str, text: str) -> None:
        """Let all machines know something, under a name."""
        self.ask(lambda store: store.set(name, text))

    def heard(self, name: str) -> str | None:
        """What was said under a name, if anything was."""
        return self.ask(lambda store: str(store.get(name).decode()) if store.check([name]) else None)

    def count(self, name: str, more: int = 0) -> int:
        """How often something was counted, on all machines together, now `more` times more."""
        return self.ask(lambda store: int(store.add(name, more)))

    def wait(self, *names: str, until: float = float("inf")) -> tuple[str, str]:
        """The first of some names under which something is said, and what.

        Raises
        ------
        LauncherError
            A machine was lost meanwhile.
        TimeoutError
            Nobody said anything, to this moment of the monotonic clock.
        """
        while True:
            for name in names:
                said = self.heard(name)
                if said is not None:
                    return name, said
            lost = self.lost()
            if lost is not None:
                raise LauncherError(self.loss(lost))
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(_LOOK)

    def wait_for_all(self, name: str) -> None:
        """Be one of all machines that come here, and wait for the others.

        Raises
        ------
        LauncherError
            One of them was lost meanwhile.
        """
        self.count(name, 1)
        while self.count(name) < self.node.count:
            lost = self.lost()
            if lost is not None:
                raise LauncherError(self.loss(lost))
            time.sleep(_LOOK)

    def lost(self) -> int | None:
        """A machine that is lost or ended, if any is."""
        now = time.monotonic()
        if self._broken or (not self.node.first and now - self._answered > LOST):
            return 0
        silent = [rank for rank, (moment, said) in self._heard.items() if said == _LEFT or now - moment > LOST]
        return min((rank for rank in silent if rank != self.node.rank), default=None)

    def silent_since(self, moment: float) -> int | None:
        """A machine that gives no sign of life after a moment, in as long as it takes to be sure of it."""
        until = moment + SOON
        while True:
            lost = self.lost()
            others = set(range(self.node.count)) - {self.node.rank}
            # What is heard sooner may have been said before.
            silent = {rank for rank in others if self._heard.get(rank, (0.0, ""))[0] <= moment + 1.5 * BEAT}
            if lost is not None or not silent:
                return lost
            if time.monotonic() > until:
                return min(silent)
            time.sleep(_LOOK)

    def loss(self, rank: int) -> str:
        """A sentence on a machine that was lost."""
        if rank == 0:
            return (
                f"The first machine, at {self.node.host}:{self.node.port}, ended or was lost. Start the same command "
                "on all machines again: what was finished is kept, and the job goes on after its last epoch."
            )
        return (
            f"{self.name(rank)} ended or was lost. Start the same command on all machines again: what was finished is "
            "kept, and the job goes on after its last epoch."
        )

    def name(self, rank: int) -> str:
        """What a machine is called in messages."""
        return f"Machine {rank + 1} of {self.node.count}"

    def close(self) -> None:
        """Say that this machine ended, if it is the process to say so, and hang up.

        The first machine, which holds the store, gives the others a moment to say so before.
        """
        until = time.monotonic() + _FAREWELL
        others = [rank for rank in self._heard if rank != self.node.rank] if self._beats and self.node.first else []
        while others and time.monotonic() < until and any(self._heard[rank][1] != _LEFT for rank in others):
            time.sleep(_LOOK)
        self._ended.set()
        self._thread.join(_FAREWELL)

    def _serve(self) -> None:
        """Answer questions, and look for signs of life in between. Ends when the store is gone."""
        from torch.distributed import DistError

        due = 0.0
        try:
            while not self._ended.is_set():
                if time.monotonic() >= due:
                    due = time.monotonic() + BEAT
                    self._live()
                try:
                    question, answer = self._questions.get(timeout=_LOOK)
                except Empty:
                    continue
                answer.set_result(question(self._store))
                self._answered = time.monotonic()
            if self._beats:
                self._store.set(_life(self.node.rank), _LEFT)
        except DistError:
            self._broken = True

    def _live(self) -> None:
        """Give a sign of life, and look for those of the others."""
        if self._beats:
            self._store.set(_life(self.node.rank), f"{time.monotonic()}")
        for rank in range(self.node.count):
            if self._store.check([_life(rank)]):
                said = self._store.get(_life(rank)).decode()
                if self._heard.get(rank, (0.0, ""))[1] != said:
                    self._heard[rank] = (time.monotonic(), said)
        self._answered = time.monotonic()


def meet(
    host: str, port: int, count: int, card: dict[str, str], *, patience: float, say: Callable[[str], None]
) -> Line:
    """Wait until all machines have met, and all do the same; the line of this one.

    The first is the one at whose address they meet; on one machine it is the process that came first. `card` are facts
    that must be equal on all, by name; `patience` are the seconds to wait for one another; `say` gets what a person
    who waits should know.

    Raises
    ------
    LauncherError
        They do not all come in time, or one differs.
    """
    until = time.monotonic() + patience
    listener = _listener(host, port)
    if listener is None:
        return _join(host, port, count, card, until=until, patience=patience, say=say)
    line = Line(Node(host=host, port=port, rank=0, count=count), _store_on(listener, host, port), beats=True)
    with _closed_after_an_error(line):
        line.say("card", json.dumps(card))
        missing = [f"joined/{rank}" for rank in range(1, count)]
        while missing:
            say(f"Waiting at {host}:{port} for {len(missing)} of {count} machines")
            try:
                name, said = line.wait(*missing, until=until)
            except TimeoutError:
                raise LauncherError(
                    f"{count - len(missing)} of {count} machines came to {host}:{port} in {patience:g} seconds. Start "
                    "the same command on the others, too; see there what it says, and whether they reach this address. "
                    "--rdzv-timeout sets how long to wait."
                ) from None
            if said:
                raise LauncherError(said)
            missing.remove(name)
        line.say("begin", "")
    return line


@contextmanager
def line_of(node: Node) -> Iterator[Line]:
    """The line of a process that does a job on a machine whose command has joined.

    Raises
    ------
    LauncherError
        The first machine does not answer.
    """
    line = Line(node, _client(node.host, node.port), beats=False)
    try:
        yield line
    finally:
        line.close()


def _join(
    host: str,
    port: int,
    count: int,
    card: dict[str, str],
    *,
    until: float,
    patience: float,
    say: Callable[[str], None],
) -> Line:
    """Come to the first machine, which may come later, and see whether it does the same."""
    say(f"Waiting for the first machine at {host}:{port}")
    _wait_for_answer(host, port, until=until, patience=patience)
    store = _client(host, port)
    rank = int(store.add("came", 1))
    line = Line(Node(host=host, port=port, rank=rank, count=count), store, beats=True)
    with _closed_after_an_error(line):
        _, said = line.wait("card")
        trouble = _difference(json.loads(said), card)
        line.say(f"joined/{rank}", trouble)
        if trouble:
            raise LauncherError(trouble)
        if rank >= count:
            raise LauncherError(f"{count} machines have come to {host}:{port} already, as --nodes says.")
        try:
            name, said = line.wait("begin", "end", until=until)
        except TimeoutError:
            raise LauncherError(
                f"Not all of {count} machines came to {host}:{port} in {patience:g} seconds. --rdzv-timeout sets how "
                "long to wait."
            ) from None
        if name == "end":
            raise LauncherError(said)
    return line


def _difference(there: dict[str, str], here: dict[str, str]) -> str:
    """A sentence on the facts in which this machine differs from the first; none if there are none."""
    # What only one of them has is a fact on a model that the other has not, which the list of models says.
    differing = [name for name in there if name in here and there[name] != here[name]]
    if not differing:
        return ""
    facts = "; ".join(f"{name}: {there[name]} there, {here[name]} here" for name in differing)
    return (
        f"The machine '{socket.gethostname()}' does not do what the first does. {facts}. Give the same command, with "
        "the same packages and films."
    )


@contextmanager
def _closed_after_an_error(line: Line) -> Iterator[None]:
    """Let the others know why this one does not go on."""
    try:
        yield
    except BaseException as error:
        end(line, str(error))
        raise


def end(line: Line, why: str) -> None:
    """End what the machines do together; the first says why."""
    if line.node.first:
        with suppress(LauncherError):
            line.say("end", why)
    line.close()


def _life(rank: int) -> str:
    return f"life/{rank}"


def _listener(host: str, port: int) -> socket.socket | None:
    """A socket that listens at an address, if it is one of this machine and nobody has it.

    Raises
    ------
    LauncherError
        There is no such address, or it may not be used.
    """
    if not _is_ours(host):
        return None
    both = socket.has_dualstack_ipv6()
    try:
        return socket.create_server(("", port), family=socket.AF_INET6 if both else socket.AF_INET, dualstack_ipv6=both)
    except PermissionError as error:
        raise LauncherError(f"Port {port} may not be used: {error.strerror}. Choose one above 1023.") from error
    except OSError:  # somebody has it: most likely the first of several commands on this machine
        return None


def _is_ours(host: str) -> bool:
    """Whether a name or address means this machine: then a socket can be bound to it."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return False
    for family, kind, protocol, _, address in found:
        with suppress(OSError), socket.socket(family, kind, protocol) as trial:
            trial.bind(address)
            return True
    return False


def _store_on(listener: socket.socket, host: str, port: int) -> TCPStore:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # torch does not list it

    return TCPStore(
        host,
        port,
        is_master=True,
        wait_for_workers=False,
        timeout=timedelta(seconds=LOST),
        master_listen_fd=listener.detach(),
    )


def _client(host: str, port: int) -> TCPStore:
    from torch.distributed import DistError, TCPStore  # type: ignore[attr-defined]  # torch does not list it

    made: Future[TCPStore] = Future()

    def make() -> None:
        try:
            made.set_result(
                TCPStore(host, port, is_master=False, wait_for_workers=False, timeout=timedelta(seconds=LOST))
            )
        except DistError as error:
            made.set_exception(error)

    Thread(target=make, name="nodes", daemon=True).start()  # what is no store may never answer, and torch waits for it
    try:
        return made.result(LOST)
    except (DistError, NoAnswer) as error:
        raise LauncherError(
            f"What answers at {host}:{port} is no run of ra-bench that waits for machines. Choose another port with "
            "--rdzv-endpoint, on all machines."
        ) from error


def _wait_for_answer(host: str, port: int, *, until: float, patience: float) -> None:
    """Wait until somebody listens at an address."""
    while True:
        try:
            socket.create_connection((host, port), timeout=SOON).close()
        except OSError as error:
            if time.monotonic() > until:
                raise LauncherError(
                    f"Nobody answered at {host}:{port} in {patience:g} seconds: {error.strerror or error}. Is it the "
                    "address of the first machine, does the same command run there, and does no firewall keep its "
                    "port closed? --rdzv-timeout sets how long to wait."
                ) from error
            time.sleep(_LOOK)
        else:
            return
