"""What the tests share: the path, a peer that speaks frames, a fake JVM."""

from __future__ import annotations

import atexit
import json
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(os.path.dirname(HERE), "src")
sys.path.insert(0, SRC)


def _compile_elsewhere() -> str:
    """Return where this process, and each that it starts, leaves compiled code, so that it is compiled once.

    Beside the sources there must be none: the launcher would see a changed folder and build.
    """
    folder, owner = tempfile.mkdtemp(prefix="vivarium-compiled-"), os.getpid()
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = folder
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return folder


COMPILED = _compile_elsewhere()

from vivarium_worker import frames  # noqa: E402

DEADLINE_S = 20.0


class Peer:
    """The other end of a channel: sends frames, and waits for frames with a deadline."""

    def __init__(self, sock: socket.socket, incarnation: int = 1) -> None:
        self.socket = sock
        self.incarnation = incarnation
        self._decoder = frames.Decoder()
        self._inbox: List[frames.Frame] = []

    def send(self, type: int, call_id: int = 0, body: Any = None, remaining: int = 0) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.socket.sendall(frames.encode(type, call_id, self.incarnation, data, remaining))

    def receive(self, *types: int) -> frames.Frame:
        """Return the next frame, of one of these types if any are given."""
        end = time.monotonic() + DEADLINE_S
        while True:
            for index, frame in enumerate(self._inbox):
                if not types or frame.type in types:
                    return self._inbox.pop(index)
            ready, _, _ = select.select([self.socket], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no frame of {types or 'any type'} within {DEADLINE_S} s")
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("the channel ended")
            self._inbox.extend(self._decoder.feed(data))

    def body(self, *types: int) -> Any:
        return json.loads(self.receive(*types).body)

    def closed(self) -> bool:
        """Wait for the end of the channel; frames before it are kept."""
        try:
            while True:
                self._inbox.append(self.receive())
        except (EOFError, ConnectionResetError):
            return True


class WorkerProcess:
    """A worker as the guardian would start it, without a guardian."""

    def __init__(
        self,
        source: str,
        incarnation: int = 1,
        limits: Optional[Dict[str, int]] = None,
        environment: Optional[Dict[str, str]] = None,
        descriptors: Optional[int] = None,
    ) -> None:
        """``environment`` is added to this process's; ``descriptors`` is the limit of open files."""
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "handlers_under_test.py")
        with open(path, "w") as file:
            file.write(source)
        self.page = os.path.join(self.folder.name, "status")
        with open(self.page, "wb") as page:
            page.write(bytes(64 * 4))
        data, data_child = socket.socketpair()
        control, control_child = socket.socketpair()
        self.stacks, stacks_child = socket.socketpair()
        self.process = subprocess.Popen(
            [
                sys.executable,
                os.path.join(SRC, "vivarium_worker_main.py"),
                *("--slot", "2", "--incarnation", str(incarnation), "--status-page", self.page),
                *("--data-fd", str(data_child.fileno()), "--control-fd", str(control_child.fileno())),
                *("--stacks-fd", str(stacks_child.fileno())),
            ],
            pass_fds=[data_child.fileno(), control_child.fileno(), stacks_child.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, **(environment or {})),
            preexec_fn=None if descriptors is None else lambda: limit_descriptors(descriptors),
        )
        data_child.close()
        control_child.close()
        stacks_child.close()
        self.data = Peer(data, incarnation)
        self.control = Peer(control, incarnation)
        try:
            self.hello = self.data.body(frames.HELLO)
        except EOFError:
            _, err = self.output()
            self.close()
            raise AssertionError(f"the worker ended with status {self.process.returncode}: {err}") from None
        self.data.send(
            frames.HELLO,
            body={
                "version": 1,
                "codec": "json",
                "features": [],
                "pool": "test",
                "worker": "test/2",
                "handlers": [path],
                "pythonPath": [],
                "limits": limits
                or {"maxBodyBytes": 1 << 20, "maxAttachmentsBytes": 1 << 20, "maxAttachmentCount": 16},
            },
        )

    def ready(self) -> Any:
        return self.data.body(frames.READY)

    def call(self, call_id: int, handler: str, *args: Any, **keywords: Any) -> None:
        self.data.send(frames.CALL, call_id, [handler, list(args), keywords])

    def answer(self) -> Tuple[int, Any]:
        frame = self.data.receive(frames.REPLY, frames.ERROR)
        return frame.type, json.loads(frame.body)

    def words(self) -> Tuple[int, ...]:
        with open(self.page, "rb") as page:
            page.seek(64)
            raw = page.read(64)
        return tuple(int.from_bytes(raw[i : i + 8], sys.byteorder) for i in range(0, 64, 8))

    def ask_for_start(self, call_id: int) -> None:
        self._write_word(5, call_id)

    def set_deadline(self, nanos: int) -> None:
        self._write_word(7, nanos)

    def _write_word(self, word: int, value: int) -> None:
        with open(self.page, "r+b") as page:
            page.seek(64 + word * 8)
            page.write(value.to_bytes(8, sys.byteorder))

    def output(self) -> Tuple[str, str]:
        """Close the data channel, wait for the end, return what was written to the standard streams."""
        self.data.socket.close()
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return out.decode(), err.decode()

    def close(self) -> None:
        self.data.socket.close()
        self.control.socket.close()
        self.stacks.close()
        if self.process.poll() is None:
            self.process.kill()
        if self.process.stdout and not self.process.stdout.closed:
            self.process.communicate()
        self.folder.cleanup()


def limit_descriptors(most: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def is_living(pid: int) -> bool:
    """Return whether a process runs; zombies do not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def await_end(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        fd = os.pidfd_open(pid)
    except (OSError, AttributeError):
        end = time.monotonic() + DEADLINE_S
        while is_living(pid) and time.monotonic() < end:
            select.select([], [], [], 0.01)
    else:
        select.select([fd], [], [], DEADLINE_S)
        os.close(fd)
    if is_living(pid):
        raise AssertionError(f"process {pid} still runs after {DEADLINE_S} s")
