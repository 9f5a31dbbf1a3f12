"""The worker: reads calls from the data channel, runs handlers, answers.

The main thread owns the data channel and runs the handlers. A side thread owns the control channel: it answers pings and
passes cancellations on. While calls come one at a time no second thread touches the data channel, so no interpreter lock
changes hands on the way of a call.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import select
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from . import codec, errors, frames, sessions, streams
from .api import CallCancelled, Context, Handler
from .attachments import Attachments
from .callbacks import Callbacks
from .data import DataChannel
from .ending import die, flush
from .feeding import Feed
from .forked import end_child
from .handshake import CANCEL_SIGNAL, STACKS_SIGNAL, hello
from .loading import LoadError, Loaded, describe
from .logs import ControlChannel, LogHandler
from .segments import Space, Unavailable
from .status import DRAINING, LOADING, SERVING, VIOLATED, StatusPage

if TYPE_CHECKING:
    import asyncio

    from .coroutines import AsyncCall

EXIT_DEFECT = 70
EXIT_LOAD_FAILED = 72
EXIT_NEGOTIATION_FAILED = 73
EXIT_PROTOCOL = 76

_STRIKE_AGAIN_S = 0.02
"""How long a cancellation has to strike before the signal is sent again."""

# A larger body is written apart from its header: copying it costs more than a second system call.
_COPIED_BYTES = 64 * 1024


class Worker:
    """One incarnation's runtime."""

    def __init__(
        self,
        data: DataChannel,
        control: socket.socket,
        stacks: socket.socket,
        page: StatusPage,
        incarnation: int,
        loaded: Optional[Loaded] = None,
    ) -> None:
        """``loaded`` is what has been loaded before this process was made, if anything."""
        self._data = data
        self._control = control
        self._stacks = stacks
        self._control_channel = ControlChannel(control, incarnation)
        self._page = page
        self._incarnation = incarnation
        self._loaded = loaded or Loaded()
        self._decoder = frames.Decoder()
        self._control_decoder = frames.Decoder(frames.CONTROL_LIMITS)
        self._inbox: List[frames.Frame] = []
        self._limits = frames.Limits()
        self._handlers: Dict[str, Handler] = {}
        self._sessions = sessions.Sessions()
        self._attachments = Attachments()
        self._space = Space(self._send)
        self._worker_id = "?"
        self._logger = logging.getLogger("handler")
        self._loop: "Optional[asyncio.AbstractEventLoop]" = None
        # The asynchronous call that runs: a cancellation is its affair.
        self._async_call: "Optional[AsyncCall]" = None
        # The call that may be interrupted right now; 0 outside of handlers. Only the main thread writes it.
        self._interruptible = 0
        self._cancel_requested = 0
        self._main_thread = threading.get_ident()
        self._log_handler: Optional[LogHandler] = None
        self._flusher = streams.Flusher()
        self._callbacks = Callbacks(self)
        # What the call that runs sends its items through; None where its answer is no stream.
        self._stream: Optional[streams.Stream] = None
        self.is_forked = False
        """Whether this is not the worker but a child that was forked off it."""
        os.register_at_fork(after_in_child=self._become_child)

    @property
    def body_limit(self) -> int:
        """The most bytes that the body of a frame may have."""
        return self._limits.body

    @property
    def incoming(self) -> int:
        """The descriptor that frames of the data channel come from."""
        return self._data.incoming

    def run(self) -> int:
        """Shake hands, load, serve until drained; return the exit status."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(CANCEL_SIGNAL, self._on_cancel_signal)
        # It writes from within the signal, so that it tells also of a thread in C code that holds the interpreter lock.
        faulthandler.register(STACKS_SIGNAL, self._stacks.fileno(), all_threads=True)
        self._send(frames.HELLO, 0, json.dumps(hello()).encode())
        # While the JVM answers.
        self._start_control_thread()
        self._log_handler = LogHandler(self._control_channel, lambda: self._interruptible)
        self._log_handler.install()
        answer = self._receive()
        if answer is None:
            return 0
        if answer.type != frames.HELLO:
            raise frames.Violation("UNEXPECTED_TYPE", "expected HELLO", answer.body)
        offer = json.loads(answer.body)
        if offer.get("version") != frames.VERSION or offer.get("codec") != codec.NAME:
            message = f"cannot serve version {offer.get('version')} with codec {offer.get('codec')}"
            self._send_error(0, errors.body("negotiation", "NOT_STARTED", "NegotiationError", message))
            return EXIT_NEGOTIATION_FAILED
        limits = offer["limits"]
        self._limits = frames.Limits(
            limits["maxBodyBytes"], limits["maxAttachmentsBytes"], limits["maxAttachmentCount"]
        )
        self._attachments.connect(self._limits, offer.get("attachments"), self._space.ask)
        self._decoder = frames.Decoder(self._limits)
        self._worker_id = offer["worker"]
        if "sessionCloseMillis" in offer:
            self._sessions.close_timeout = offer["sessionCloseMillis"] / 1000
        self._callbacks.connect(offer.get("functions"), self._control_decoder)
        if not self._load(offer["pythonPath"], offer["handlers"]):
            return EXIT_LOAD_FAILED
        self._page.stage(SERVING)
        return self._serve()

    def _load(self, python_path: List[str], sources: List[str]) -> bool:
        self._page.stage(LOADING)
        started = time.monotonic()
        try:
            self._loaded.extend_path(python_path)
            self._handlers, hooks = self._loaded.handlers_of(sources)
            self._sessions.on_open, self._sessions.on_close = hooks.get("open"), hooks.get("close")
            load_us = int((time.monotonic() - started) * 1e6)
            ready = describe(self._handlers.values(), load_us, self._limits.body, hooks)
        except LoadError as error:
            if self.is_forked:
                end_child(error.__cause__)
            self._send_error(0, errors.of_exception("load", "NOT_STARTED", error))
            return False
        self._send(frames.READY, 0, ready)
        return True

    def _serve(self) -> int:
        while True:
            frame = self._receive()
            if frame is None:
                return 0
            if frame.type == frames.CALL:
                self._call(frame, frame.attachments)
            elif frame.type == frames.SESSION_CALL:
                self._session_call(frame)
            elif frame.type == frames.STREAM_CALL:
                self._stream_call(frame)
            elif frame.type in (frames.ITEMS, frames.ITEMS_END):
                pass  # For a call that has ended without them.
            elif frame.type == frames.SESSION_CLOSE:
                self._sessions.close(frame.body.decode("utf-8", "replace"))
            elif frame.type == frames.DRAIN:
                self._page.stage(DRAINING)
                self._sessions.close_all()
                flush()
                self._send(frames.BYE, 0, b'{"reason": "drained"}')
                return 0
            else:
                raise frames.Violation("UNEXPECTED_TYPE", f"type {frame.type:#x} on the data channel", frame.body)

    def _stream_call(self, frame: frames.Frame) -> None:
        try:
            head = streams.read_head(frame.attachments[0] if frame.attachments else b"")
        except ValueError as error:
            raise frames.Violation("MALFORMED_BODY", str(error), frame.body) from None
        self._stream = streams.Stream(self, frame.call_id, head, self._flusher)
        call = frame._replace(attachments=frame.attachments[1:])
        if head.of_session:
            self._session_call(call, head.fed)
        else:
            self._call(call, call.attachments, None, head.fed)
        self._stream = None

    def _session_call(self, frame: frames.Frame, fed: bool = False) -> None:
        try:
            session = self._sessions.enter(frame.attachments)
        except ValueError as error:
            raise frames.Violation("MALFORMED_BODY", str(error), frame.body) from None
        if session is None:
            self._send(frames.STATE_WANTED, frame.call_id, b"")
            return
        self._call(frame, frame.attachments[2:], session, fed)
        if session.is_open:  # It was not answered with a result.
            self._sessions.drop(session)
        self._sessions.trim()

    def _call(
        self,
        frame: frames.Frame,
        attachments: Sequence[memoryview],
        session: Optional[sessions.Session] = None,
        fed: bool = False,
    ) -> None:
        call_id = frame.call_id
        # Not counted from now where the clock is the JVM's too: this process may have been stopped, or late to read.
        deadline = self._page.words[7] / 1e9 or (time.monotonic() + frame.remaining / 1e6 if frame.remaining else None)
        try:
            arguments = self._attachments.arguments(frame.body, attachments) if attachments else codec.loads(frame.body)
            name, positional, keywords = codec.call_of(arguments)
        except (ValueError, OSError, RecursionError, MemoryError) as error:
            self._send_error(
                call_id, errors.body("undecodable_arguments", "NOT_STARTED", type(error).__name__, str(error))
            )
            return
        handler = self._handlers.get(name)
        if handler is None:
            message = f"no handler is named '{name}'; there are: {', '.join(sorted(self._handlers))}"
            self._send_error(call_id, errors.body("unknown_handler", "NOT_STARTED", "LookupError", message))
            return
        stream = self._stream
        if stream is None and handler.is_generator:
            message = f"{handler.name}{handler.signature} is a generator: its answer is a stream, call it with stream(...)"
            self._send_error(call_id, errors.body("stream_only", "NOT_STARTED", "TypeError", message))
            return
        context: Optional[Context] = None
        if handler.wants_context:
            if "ctx" in keywords:
                message = (
                    f"{handler.name}{handler.signature}: 'ctx' is the runtime's, which passes the call's Context in it; "
                    "a caller cannot pass it"
                )
                self._send_error(call_id, errors.body("bad_arguments", "NOT_STARTED", "TypeError", message))
                return
            context = Context(
                call_id,
                self._worker_id,
                self._logger,
                deadline,
                time.monotonic,
                self._page.progress,
                session,
                Feed(self, stream) if fed and stream is not None else None,
                self._callbacks,
            )
            handler.place(context, positional, keywords)
        self._attachments.hold(positional, keywords)
        self._execute(call_id, deadline, handler, positional, keywords, session, context)

    def _execute(
        self,
        call_id: int,
        deadline: Optional[float],
        handler: Handler,
        positional: Sequence[Any],
        keywords: Dict[str, Any],
        session: Optional[sessions.Session],
        context: Optional[Context] = None,
    ) -> None:
        words = self._page.words
        if words[5] == call_id:
            words[6] = time.monotonic_ns()
        words[1] = call_id
        # In this order: whoever finds at the deadline that the call has not started must be right about that for ever.
        if deadline is not None and time.monotonic() >= deadline:
            words[1] = 0
            message = "its deadline had passed before its handler was entered"
            self._send_error(call_id, errors.body("expired", "NOT_STARTED", "TimeoutError", message))
            return
        try:
            try:
                # From here to the reset below, and nowhere else, a cancellation may strike: see _on_cancel_signal.
                self._interruptible = call_id
                if self._cancel_requested == call_id:
                    # It was cancelled before it got here, when the signal had nothing to interrupt.
                    raise CallCancelled(f"call {call_id} was cancelled")
                if session is not None:
                    self._sessions.open(session)
                if handler.is_async:
                    result = self._run_async(call_id, handler.function(*positional, **keywords))
                else:
                    result = handler.function(*positional, **keywords)
                if self._stream is not None:
                    result = self._stream.send_all(result)
            finally:
                self._interruptible = 0
                if context is not None:
                    context.is_over = True
                    if self._callbacks.is_used:
                        self._callbacks.end(context)
        except CallCancelled as error:
            self._interruptible = 0
            self._end_if_forked(error)
            words[2] = call_id
            self._send_error(call_id, errors.of_exception("cancelled", "UNKNOWN", error))
            return
        except BaseException as error:
            self._end_if_forked(error)
            words[2] = call_id
            self._fail(call_id, handler, positional, keywords, error)
            return
        if self.is_forked:
            end_child(None)
        words[2] = call_id
        try:
            self._space.call_id = call_id
            encoded, parts = self._attachments.encode(result)
            del result  # It may be what the JVM has lent.
        except codec.Unencodable as error:
            name = errors.type_name(type(result))
            self._send_error(call_id, errors.body("unencodable_result", "RAN", name, str(error)))
            return
        except codec.TooLarge as error:
            self._send_error(call_id, errors.body("result_too_large", "RAN", "ResultTooLarge", str(error)))
            return
        except (Unavailable, OSError) as error:
            self._send_error(call_id, errors.body("no_shared_memory", "RAN", "SharedMemoryExhausted", str(error)))
            return
        if session is not None:
            try:
                changes = self._sessions.answer(session, self._attachments.max_bytes)
            except sessions.Unsendable as error:
                self._send_error(call_id, errors.body(error.kind, "RAN", error.type, str(error)))
                return
            if changes is not None:
                parts = [*changes, *parts]
                self._attachments.end(with_result=True)
                self._data.send(
                    frames.encode(frames.SESSION_REPLY, call_id, self._incarnation, encoded, attachments=parts)
                )
                return
        self._attachments.end(with_result=True)
        if parts:
            self._data.send(frames.encode(frames.REPLY, call_id, self._incarnation, encoded, attachments=parts))
            return
        header = frames.HEADER.pack(
            frames.MAGIC, 1, frames.REPLY, 0, call_id, 0, self._incarnation, len(encoded), 0, 0, 0
        )
        if len(encoded) <= _COPIED_BYTES:
            self._data.send(header + encoded)
        else:
            self._data.send(header)
            self._data.send(encoded)

    def _fail(
        self, call_id: int, handler: Handler, positional: Sequence[Any], keywords: Dict[str, Any], error: BaseException
    ) -> None:
        # Not isinstance, which asks the exception's own __class__.
        if type(error) is sessions.OpenFailed and error.__cause__ is not None:
            self._send_error(call_id, errors.of_exception("session_open", "NOT_STARTED", error.__cause__))
            return
        if type(error) is streams.Unsendable:
            self._send_error(call_id, errors.body(error.kind, "RAN", error.type, str(error)))
            return
        if issubclass(type(error), TypeError) and errors.is_raised_by_the_call_itself(error):
            # The handler was not entered: do the arguments fit?
            misfit = handler.misfit(positional, keywords)
            if misfit is not None:
                self._send_error(call_id, errors.body("bad_arguments", "NOT_STARTED", "TypeError", misfit))
                return
        self._send_error(call_id, errors.of_exception("handler", "RAN", error))

    def _run_async(self, call_id: int, awaitable: Any) -> Any:
        # With asyncio, which takes as long to import as all the rest: `load` has done so if there are such handlers.
        from .coroutines import AsyncCall, end_tasks, new_loop

        if self._loop is None or self._loop.is_closed():
            self._loop = new_loop()
        call = AsyncCall(self._loop, awaitable, f"call {call_id} was cancelled", self._end_if_forked)
        # Until here a cancellation raises in this function, and nothing has begun; from here on it raises in none of ours.
        self._async_call = call
        try:
            return call.run()
        finally:
            self._interruptible = 0
            self._async_call = None
            if not self.is_forked:  # The child's loop watches what the worker's does.
                end_tasks(self._loop, self._logger)

    def _become_child(self) -> None:
        """Let go of all that is the worker's: this process has been forked off it."""
        self.is_forked = True
        self._interruptible = self._cancel_requested = 0
        self._page.detach()
        self._attachments.become_child()
        # The worker's end must be seen though this process lives on. And what this process opens gets free numbers: what is
        # still written to the channels must not go there.
        faulthandler.unregister(STACKS_SIGNAL)
        signal.signal(STACKS_SIGNAL, signal.SIG_IGN)
        for channel in (self._data, self._control, self._stacks):
            try:
                channel.close()
            except OSError:
                pass
        if self._log_handler is not None:
            self._log_handler.become_child()

    def _end_if_forked(self, error: Optional[BaseException]) -> None:
        if self.is_forked:
            end_child(error)

    def _on_cancel_signal(self, _number: int, _frame: Any) -> None:
        """Interrupt the handler if it still runs the call that was cancelled.

        Python runs signal handlers in the main thread between two bytecodes, so this can strike anywhere in it. Reset
        first: the exception is raised once, and only while ``_execute`` is inside the try that catches it.
        """
        if self._control_channel.writes_in_main:
            return  # It is sent again.
        if self._interruptible and self._interruptible == self._cancel_requested:
            self._interruptible = 0
            if self._async_call is not None:
                self._async_call.strike()
                return
            raise CallCancelled(f"call {self._cancel_requested} was cancelled")

    def _start_control_thread(self) -> None:
        threading.Thread(target=self._control_loop, name="vivarium-control", daemon=True).start()

    def _control_loop(self) -> None:
        decoder = self._control_decoder
        try:
            while True:
                if not select.select([self._control], [], [], _STRIKE_AGAIN_S if self._must_strike() else None)[0]:
                    # A signal that comes just before the main thread blocks in C code interrupts nothing.
                    self._strike()
                    continue
                data = self._control.recv(65536)
                if not data:
                    self._callbacks.gone()
                    return
                for frame in decoder.feed(data):
                    if frame.type == frames.PING:
                        self._control_channel.answer(frames.PONG, frame.call_id)
                    elif frame.type == frames.CANCEL:
                        self._cancel_requested = frame.call_id
                        self._strike()
                    elif frame.type == frames.CREDIT:
                        stream = self._stream
                        credit = streams.read_credit(frame.body)
                        if stream is not None and stream.call_id == frame.call_id:
                            stream.granted(*credit)
                    elif frame.type in (frames.CALLBACK_REPLY, frames.CALLBACK_ERROR):
                        self._callbacks.answered(frame)
                    elif frame.type == frames.SPACE:
                        self._space.answered(frame.body)
                    else:
                        raise frames.Violation("UNEXPECTED_TYPE", "on the control channel", frame.body)
        except (frames.Violation, ValueError) as violation:
            self._page.stage(VIOLATED)
            die(EXIT_PROTOCOL, violation)
        except OSError:
            return

    def _must_strike(self) -> bool:
        """Return whether the handler still runs the call that was cancelled."""
        return self._cancel_requested != 0 and self._cancel_requested == self._interruptible

    def _strike(self) -> None:
        # Asked again just before: what waits for any signal in another call's handler is not to be woken.
        if self._must_strike():
            signal.pthread_kill(self._main_thread, CANCEL_SIGNAL)

    def _receive(self) -> Optional[frames.Frame]:
        while not self._inbox:
            data = self._data.receive()
            if not data:
                self._decoder.end()
                return None
            whole = self._decoder.whole(data)
            if whole is not None:
                return self._mine(whole)
            self._inbox.extend(self._decoder.feed(data))
        return self._mine(self._inbox.pop(0))

    def _mine(self, frame: frames.Frame) -> frames.Frame:
        if frame.incarnation != self._incarnation:
            raise frames.Violation("WRONG_INCARNATION", f"got {frame.incarnation}", frame.body)
        return frame

    def _send(self, type: int, call_id: int, body: bytes) -> None:
        self._data.send(frames.encode(type, call_id, self._incarnation, body))

    def _send_error(self, call_id: int, description: Dict[str, Any]) -> None:
        self._attachments.end()
        self._send(frames.ERROR, call_id, errors.encode(description, self._limits.body))
