"""Sessions: the blocks shared with the Java tests, what is kept, and a worker with a test at the other end."""

from __future__ import annotations

import json
import os
import select
import unittest
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import support
from .support import WorkerProcess
from vivarium_worker import codec, frames, sessions

BLOCKS = os.path.join(
    support.HERE, "..", "..", "worker-protocol", "src", "test", "resources", "vectors", "sessions", "blocks.json"
)

HANDLERS = '''
import os, threading
from vivarium_worker import Context, handler, session_close, session_open

@handler(effects="session")
def count(ctx: Context, key="count"):
    ctx.session[key] = ctx.session.get(key, 0) + 1
    return ctx.session[key]

@handler
def peek(ctx: Context): return {key: ctx.session[key] for key in ctx.session}

@handler
def nest(ctx: Context):
    ctx.session.setdefault("list", []).append({"n": 1})
    ctx.session["list"][0]["n"] += 1

@handler
def fail_after(ctx: Context):
    ctx.session["count"] = 1000
    raise ValueError("no")

@handler
def wait_after(ctx: Context):
    ctx.session["count"] = 1000
    threading.Event().wait()

@handler
def odd(ctx: Context): ctx.session["odd"] = [object()]; ctx.session["count"] = 1000

@handler
def forget(ctx: Context): del ctx.session["count"]

@handler
def without(ctx: Context): return ctx.has_session

@handler
def touch(ctx: Context): return ctx.session["count"]

kept = []

@handler
def keep(ctx: Context): kept.append(ctx.session); kept.append(ctx.session.get("list"))

@handler
def use_kept():
    kept[-1].append("meddled")
    return kept[0]["list"]

@handler
def load(ctx: Context): ctx.session.local["model"] = "loaded here"

@handler
def local(ctx: Context): return sorted(ctx.session.local)

@handler
def big(ctx: Context, n): ctx.session["big"] = "x" * n
'''

HOOKS = HANDLERS + '''
log = []

@session_open
def make(session):
    if session.get("broken"): raise RuntimeError("cannot be opened")
    log.append("open " + session.id); session.local["cursor"] = session.epoch

@session_close
def release(session): log.append(f"close {session.id} {session.local['cursor']}")

@handler
def logged(): return log

@handler
def break_it(ctx: Context): ctx.session["broken"] = True
'''


def head(id: str, version: int, epoch: int = 1, resident: bool = False) -> bytes:
    return sessions.HEAD.pack(version, epoch, sessions.RESIDENT if resident else 0) + id.encode()


class Blocks(unittest.TestCase):
    def setUp(self) -> None:
        with open(BLOCKS) as file:
            self.vectors = json.load(file)

    def test_of_heads_are_read_as_the_vectors_say(self) -> None:
        for vector in self.vectors["heads"]:
            with self.subTest(vector["name"]):
                data = bytes.fromhex(vector["hex"])
                if vector["id"] is None:
                    self.assertRaises(ValueError, sessions.read_head, data)
                    continue
                read = sessions.read_head(data)
                self.assertEqual(
                    (str(read.version), str(read.epoch), read.resident, read.id),
                    (vector["version"], vector["epoch"], vector["resident"], vector["id"]),
                )

    def test_of_entries_are_read_and_written_as_the_vectors_say(self) -> None:
        for vector in self.vectors["entries"]:
            with self.subTest(vector["name"]):
                data = bytes.fromhex(vector["hex"])
                if vector["entries"] is None:
                    self.assertRaises(ValueError, sessions.read_entries, data)
                    continue
                entries = {key: None if text is None else text.encode() for key, text in vector["entries"]}
                self.assertEqual(list(sessions.read_entries(data).items()), list(entries.items()))
                self.assertEqual(sessions.write_entries(entries), data)


class AView(unittest.TestCase):
    def view(self, **values: Any) -> sessions.Session:
        encoded = {key: codec.dumps(value) for key, value in values.items()}
        return sessions.Session(sessions.Head(0, 1, "s", False), sessions.Kept(0, 1, encoded))

    def test_is_a_mapping(self) -> None:
        view = self.view(a=1, b=[2])

        view["c"] = 3
        del view["a"]

        self.assertEqual(dict(view), {"b": [2], "c": 3})
        self.assertEqual(view.get("a", "none"), "none")
        self.assertNotIn("a", view)
        self.assertEqual(len(view), 2)
        self.assertEqual(view.pop("c"), 3)
        self.assertEqual(list(view), ["b"])
        with self.assertRaises(KeyError):
            del view["a"]
        with self.assertRaises(KeyError):
            view["a"]

    def test_tells_what_was_changed_within_a_value(self) -> None:
        view = self.view(a={"x": [1]}, b=[2])
        view["a"]["x"].append(2)
        view["b"]

        self.assertEqual(view.changes(1000), {"a": b'{"x":[1,2]}'})

    def test_tells_nothing_of_what_became_as_it_was(self) -> None:
        view = self.view(a=[1])
        view["a"].append(2)
        view["a"].pop()
        view["b"] = 1
        del view["b"]
        view["a"] = [1]

        self.assertEqual(view.changes(1000), {})

    def test_tells_what_was_removed(self) -> None:
        view = self.view(a=1, b=2)
        view.clear()

        self.assertEqual(view.changes(1000), {"a": None, "b": None})

    def test_names_the_key_of_what_cannot_travel(self) -> None:
        view = self.view()
        view["a"] = {"x": [object()]}

        with self.assertRaisesRegex(sessions.Unsendable, r"at session\['a'\]\['x'\]\[0\]"):
            view.changes(1000)

    def test_refuses_keys_that_are_no_text(self) -> None:
        view = self.view()

        for key in (1, None, b"x"):
            with self.assertRaisesRegex(TypeError, "keys of a session are strings"):
                view[key] = 1  # type: ignore[index]
        with self.assertRaises(ValueError):
            view["\udc80"] = 1

    def test_has_limits(self) -> None:
        view = self.view()
        view["a"] = "x" * 100

        with self.assertRaisesRegex(sessions.Unsendable, "maxAttachmentsBytes leaves 50 bytes"):
            view.changes(50)

    def test_does_not_show_its_values(self) -> None:
        self.assertNotIn("secret", repr(self.view(password="secret")))


class DecodedValues(unittest.TestCase):
    """Values that cannot be changed from within are decoded once, whichever calls read them."""

    def setUp(self) -> None:
        self.cache = sessions.Sessions()
        self.version = 0

    def call(self) -> sessions.Session:
        entered = self.cache.enter([head("s", self.version)])
        assert entered is not None
        return entered

    def answer(self, call: sessions.Session) -> None:
        if self.cache.answer(call, 10_000) is not None:
            self.version += 1

    def test_are_what_the_last_answered_call_has_left(self) -> None:
        for value in ("a", 1, True, None, 1.5, 2**70, [1], "b", {"x": 1}, "c"):
            call = self.call()
            call["v"] = value
            self.answer(call)

            call = self.call()
            self.assertEqual(call["v"], value)
            self.assertIs(type(call["v"]), type(value))
            self.answer(call)

    def test_are_not_those_of_a_call_that_failed(self) -> None:
        first = self.call()
        first["v"] = "before"
        self.answer(first)
        second = self.call()
        second["v"] = "after"
        self.cache.drop(second)

        again = self.cache.enter([head("s", self.version), sessions.write_entries({"v": b'"before"'})])
        assert again is not None
        self.assertEqual(again["v"], "before")

    def test_are_forgotten_with_the_key(self) -> None:
        call = self.call()
        call["v"] = "x"
        self.answer(call)
        call = self.call()
        del call["v"]
        self.answer(call)

        self.assertNotIn("v", self.call())

    def test_leave_what_can_be_changed_from_within_to_each_call(self) -> None:
        call = self.call()
        kept = call["v"] = [1]
        self.answer(call)
        kept.append(2)

        self.assertEqual(self.call()["v"], [1])

    def test_are_of_plain_types_whatever_was_written(self) -> None:
        class Text(str):
            def __eq__(self, other: object) -> bool:
                return True

            __hash__ = str.__hash__

        call = self.call()
        call["v"] = Text("x")
        self.answer(call)

        self.assertIs(type(self.call()["v"]), str)

    def test_count_for_the_limit_of_what_is_kept(self) -> None:
        cache = sessions.Sessions(most_bytes=300)
        for name in ("a", "b"):
            call = cache.enter([head(name, 0)])
            assert call is not None
            call["v"] = "x" * 98
            cache.answer(call, 10_000)

        cache.trim()

        self.assertEqual(len(cache), 1)


class TheCache(unittest.TestCase):
    def call(self, cache: sessions.Sessions, id: str, version: int, *state: Dict[str, Optional[bytes]]) -> Any:
        attachments: List[bytes] = [head(id, version), *(sessions.write_entries(s) for s in state)]
        return cache.enter(attachments)

    def test_keeps_what_cannot_travel_and_nothing_makes_anew(self) -> None:
        cache = sessions.Sessions(most=2)
        resident = self.call(cache, "resident", 0)
        resident.local["model"] = 1
        cache.answer(resident, 100)
        for number in range(20):
            cache.answer(self.call(cache, f"s{number}", 0), 100)
            cache.trim()

        self.assertEqual(self.call(cache, "resident", 0).local, {"model": 1})
        self.assertLessEqual(len(cache), 2)

    def test_lets_go_of_what_a_hook_makes_anew(self) -> None:
        cache = sessions.Sessions(most=2)
        cache.on_open = lambda session: None
        resident = self.call(cache, "resident", 0)
        resident.local["model"] = 1
        cache.answer(resident, 100)
        for number in range(2):
            cache.answer(self.call(cache, f"s{number}", 0), 100)
            cache.trim()

        self.assertEqual(self.call(cache, "resident", 0).local, {})

    def test_is_bounded_in_number_and_bytes(self) -> None:
        cache = sessions.Sessions(most=2, most_bytes=1000)
        for id in ("a", "b", "c"):
            cache.answer(self.call(cache, id, 0), 100)
            cache.trim()
        self.assertEqual(len(cache), 2)

        big = self.call(cache, "d", 4, {"x": b"1" * 990})
        cache.answer(big, 100)
        cache.trim()
        small = self.call(cache, "e", 4, {"x": b"1" * 20})
        cache.answer(small, 100)
        cache.trim()

        self.assertEqual(len(cache), 1)
        self.assertIsNone(self.call(cache, "d", 4))
        self.assertIsNotNone(self.call(cache, "e", 4))

    def test_wants_the_state_that_it_does_not_have(self) -> None:
        cache = sessions.Sessions()

        self.assertIsNone(self.call(cache, "a", 7))
        cache.answer(self.call(cache, "a", 7, {"x": b"1"}), 100)

        self.assertIsNone(self.call(cache, "a", 8))
        self.assertIsNotNone(self.call(cache, "a", 7))


class AWorker(unittest.TestCase):
    def start(self, source: str = HANDLERS, limits: Optional[Dict[str, int]] = None) -> Any:
        self.worker = WorkerProcess(source, limits=limits)
        self.addCleanup(self.worker.close)
        self.calls = 0
        return self.worker.ready()

    def call(
        self,
        handler: str,
        *args: Any,
        id: str = "s",
        version: int = 0,
        state: Optional[Dict[str, Any]] = None,
        epoch: int = 1,
        resident: bool = False,
    ) -> Tuple[str, Any, Any]:
        """Return the type of the answer, its body, and the changes that came with it."""
        self.send(handler, *args, id=id, version=version, state=state, epoch=epoch, resident=resident)
        return self.receive()

    def send(
        self, handler: str, *args: Any, id: str, version: int, state: Any, epoch: int, resident: bool = False
    ) -> None:
        self.calls += 1
        attachments: Sequence[bytes] = [head(id, version, epoch, resident)]
        if state is not None:
            encoded = {key: codec.dumps(value) for key, value in state.items()}
            attachments = [*attachments, sessions.write_entries(dict(encoded))]
        body = json.dumps([handler, list(args), {}]).encode()
        self.worker.data.socket.sendall(
            frames.encode(frames.SESSION_CALL, self.calls, 1, body, attachments=attachments)
        )

    def receive(self) -> Tuple[str, Any, Any]:
        frame = self.worker.data.receive(frames.REPLY, frames.ERROR, frames.SESSION_REPLY, frames.STATE_WANTED)
        self.assertEqual(frame.call_id, self.calls)
        changes: Any = None
        if frame.type == frames.SESSION_REPLY:
            changes = {
                key: None if value is None else codec.loads(value)
                for key, value in sessions.read_entries(frame.attachments[1]).items()
            }
            self.resident = frame.attachments[0][0]
        return frames.TYPE_NAMES[frame.type], json.loads(frame.body) if frame.body else None, changes

    def test_says_what_handlers_do_and_which_hooks_there_are(self) -> None:
        ready = self.start(HOOKS)

        effects = {entry["name"]: entry.get("effects") for entry in ready["handlers"]}
        self.assertEqual((effects["count"], effects["peek"]), ("session", None))
        self.assertEqual(ready["session_hooks"], ["close", "open"])
        self.assertNotIn("make", effects)

    def test_sends_what_changed_and_keeps_it(self) -> None:
        self.start()

        self.assertEqual(self.call("count"), ("SESSION_REPLY", 1, {"count": 1}))
        self.assertEqual(self.call("count", version=1), ("SESSION_REPLY", 2, {"count": 2}))
        self.assertEqual(self.call("touch", version=2), ("REPLY", 2, None))
        self.assertEqual(self.call("forget", version=2), ("SESSION_REPLY", None, {"count": None}))

    def test_takes_a_state_and_notices_what_changes_within(self) -> None:
        self.start()
        state = {"list": [{"n": 5}], "other": "as it is"}

        answer = self.call("nest", version=9, state=state)

        self.assertEqual(answer, ("SESSION_REPLY", None, {"list": [{"n": 6}, {"n": 1}]}))

    def test_wants_the_state_when_versions_differ(self) -> None:
        self.start()
        self.call("count")

        self.assertEqual(self.call("count", version=4), ("STATE_WANTED", None, None))
        self.assertEqual(
            self.call("count", version=4, state={"count": 40}), ("SESSION_REPLY", 41, {"count": 41})
        )

    def test_forgets_its_copy_after_an_error(self) -> None:
        self.start()
        self.call("count")

        self.assertEqual(self.call("fail_after", version=1)[0], "ERROR")

        self.assertEqual(self.call("count", version=1)[0], "STATE_WANTED")
        self.assertEqual(self.call("count", version=1, state={"count": 1})[1], 2)

    def test_forgets_its_copy_after_a_cancellation(self) -> None:
        self.start()
        self.call("count")
        self.send("wait_after", id="s", version=1, state=None, epoch=1)
        while self.worker.words()[1] != self.calls:
            select.select([], [], [], 0.005)

        self.worker.control.send(frames.CANCEL, self.calls)

        self.assertEqual(self.receive()[1]["kind"], "cancelled")
        self.assertEqual(self.call("count", version=1)[0], "STATE_WANTED")

    def test_fails_a_call_that_leaves_what_cannot_be_encoded(self) -> None:
        self.start()
        self.call("count")

        kind, error, _ = self.call("odd", version=1)

        self.assertEqual((kind, error["kind"], error["execution"]), ("ERROR", "unencodable_state", "RAN"))
        self.assertIn("session['odd'][0]", error["message"])
        self.assertEqual(self.call("count", version=1)[0], "STATE_WANTED")

    def test_fails_a_call_that_leaves_too_much(self) -> None:
        self.start(limits={"maxBodyBytes": 1 << 20, "maxAttachmentsBytes": 1000, "maxAttachmentCount": 16})

        kind, error, _ = self.call("big", 2000)

        self.assertEqual((kind, error["kind"]), ("ERROR", "state_too_large"))

    def test_keeps_its_copy_from_those_who_held_on_to_a_view(self) -> None:
        self.start()
        self.call("nest")
        self.call("keep", version=1)

        self.worker.call(self.calls + 1, "use_kept")
        kind, error = self.worker.answer()

        self.assertEqual(error["type"], "RuntimeError")
        self.assertIn("has ended", error["message"])
        self.assertEqual(self.call("nest", version=1)[2], {"list": [{"n": 3}, {"n": 1}]})

    def test_has_no_session_in_a_plain_call(self) -> None:
        self.start()

        self.worker.call(1, "without")
        self.assertEqual(self.worker.answer(), (frames.REPLY, False))
        self.worker.call(2, "touch")
        self.assertIn("pool.session", self.worker.answer()[1]["message"])

    def test_keeps_what_cannot_travel_also_over_errors(self) -> None:
        self.start()

        self.assertEqual(self.call("load"), ("SESSION_REPLY", None, {}))
        self.assertEqual(self.resident, sessions.RESIDENT)
        self.call("fail_after", resident=True)
        self.assertEqual(self.call("local", resident=True), ("REPLY", ["model"], None))
        self.assertEqual(self.call("local", epoch=2), ("REPLY", [], None))

    def test_tells_of_what_cannot_travel_as_long_as_the_jvm_does_not_know(self) -> None:
        self.start()
        self.call("load")

        for _ in range(2):
            self.assertEqual(self.call("local"), ("SESSION_REPLY", ["model"], {}))
            self.assertEqual(self.resident, sessions.RESIDENT)
        self.assertEqual(self.call("local", resident=True), ("REPLY", ["model"], None))

    def test_tells_that_there_is_nothing_as_long_as_the_jvm_does_not_know(self) -> None:
        self.start()

        for _ in range(2):
            self.assertEqual(self.call("local", resident=True), ("SESSION_REPLY", [], {}))
            self.assertEqual(self.resident, 0)
        self.assertEqual(self.call("local"), ("REPLY", [], None))

    def test_opens_and_closes(self) -> None:
        self.start(HOOKS)

        self.assertEqual(self.call("local")[1], ["cursor"])
        self.call("local")
        self.call("local", epoch=2)
        self.worker.data.socket.sendall(frames.encode(frames.SESSION_CLOSE, 0, 1, b"s"))

        self.assertEqual(self.call("logged", id="t")[1], ["open s", "close s 1", "open s", "close s 2", "open t"])

    def test_tells_a_hook_that_fails_from_a_handler_that_does(self) -> None:
        self.start(HOOKS)

        kind, error, _ = self.call("touch", version=3, state={"broken": True})

        self.assertEqual((error["kind"], error["execution"]), ("session_open", "NOT_STARTED"))
        self.assertEqual((error["type"], error["message"]), ("RuntimeError", "cannot be opened"))


class Marks(unittest.TestCase):
    def test_are_checked(self) -> None:
        from vivarium_worker import handler, session_open

        with self.assertRaisesRegex(ValueError, "effects must be None or 'session', got 'none'"):
            handler(effects="none")(len)

        async def hook(session: Any) -> None: ...

        with self.assertRaisesRegex(TypeError, "plain function"):
            session_open(hook)
