"""Programs: small pieces of prompted work that are created, run and kept within a session.

A pool loads them with the handler source ``vivarium_worker.programs``. A program has a signature, such as
``"question, context -> answer"``, and lives in the session that created it, so it survives its worker. It is run with DSPy
where ``dspy`` can be imported, and else by a local predictor that asks no model; every answer says which of the two it is
from.

Every handler raises a ``ProgramError`` for what the caller has to change.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from typing import Any, List, Optional, Union

from .api import Context, handler
from .program_backends import Dspy, Local
from .program_signatures import (
    CHAIN_OF_THOUGHT,
    KINDS,
    MAX_ID_CHARS,
    MAX_INSTRUCTIONS_CHARS,
    MAX_OPTION_CHARS,
    MAX_OPTIONS,
    NAME,
    PREDICT,
    REASONING,
    BackendFailed,
    InvalidInput,
    InvalidSignature,
    Json,
    LimitExceeded,
    NoSession,
    ProgramError,
    ProgramExists,
    ProgramNotFound,
    Signature,
    chars,
    check_inputs,
    check_limit,
    parse_signature,
    quoted,
)

__all__ = [
    "BackendFailed",
    "InvalidInput",
    "InvalidSignature",
    "LimitExceeded",
    "NoSession",
    "ProgramError",
    "ProgramExists",
    "ProgramNotFound",
    "parse_signature",
]

MAX_PROGRAMS = 100
"""How many programs a session can have."""

_PROGRAM = "program:"
_COUNTS = "programs"
_NO_COUNTS = {"created": 0, "executed": 0, "deleted": 0}


class _Worker:
    """What this worker process has: a backend, the language model that the pool has set, and counts since it started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.backend: Optional[Union[Local, Dspy]] = None
        self.model: Optional[str] = None
        self.language_model: Any = None
        self.since = time.monotonic()
        self.calls = 0
        self.errors = 0

    def get(self) -> Union[Local, Dspy]:
        with self.lock:
            if self.backend is None:
                self.backend = Dspy(importlib.import_module("dspy")) if _HAS_DSPY else Local()
            return self.backend


def _has_dspy() -> bool:
    try:
        return importlib.util.find_spec("dspy") is not None
    except (ImportError, ValueError):
        return False


_HAS_DSPY = _has_dspy()
_WORKER = _Worker()


def _backend() -> Json:
    backend = _WORKER.get()
    return {
        "name": backend.name,
        "version": backend.version,
        "deterministic": backend.deterministic,
        "note": backend.note,
    }


# Programs in a session


def _session(ctx: Context) -> Any:
    _WORKER.calls += 1
    if not ctx.has_session:
        raise NoSession("programs live in sessions: make the call with pool.session(...)")
    return ctx.session


def _key(program_id: Any) -> str:
    if not isinstance(program_id, str) or not program_id:
        raise InvalidInput(f"a program's id is a text that is not empty, got {quoted(program_id)}")
    check_limit("MAX_ID_CHARS", MAX_ID_CHARS, len(program_id), "the id")
    return _PROGRAM + program_id


def _keys(session: Any) -> List[str]:
    return sorted(key for key in session if key.startswith(_PROGRAM))


def _find(session: Any, program_id: Any) -> Json:
    key = _key(program_id)
    if key not in session:
        others = len(_keys(session))
        raise ProgramNotFound(f"session '{session.id}' has no program '{program_id}'; it has {others} others")
    found: Json = session[key]
    return found


def _count(session: Any, what: str, by: int = 1) -> None:
    counts = session.get(_COUNTS, dict(_NO_COUNTS))
    counts[what] += by
    session[_COUNTS] = counts


@handler(name="programs.create", effects="session")
def create(ctx: Context, id: str, signature: Signature, kind: str = PREDICT, instructions: str = "") -> Json:
    """Create a program in the session and return it. An id that is taken raises ProgramExists."""
    session = _session(ctx)
    key = _key(id)
    if kind not in KINDS:
        raise InvalidInput(f"the kind of a program is one of {', '.join(KINDS)}, got {quoted(kind)}")
    if not isinstance(instructions, str):
        raise InvalidInput(f"instructions are text, got {type(instructions).__name__}")
    check_limit("MAX_INSTRUCTIONS_CHARS", MAX_INSTRUCTIONS_CHARS, len(instructions), "the instructions")
    inputs, outputs = parse_signature(signature)
    if kind == CHAIN_OF_THOUGHT and any(field["name"] == REASONING for field in inputs + outputs):
        raise InvalidSignature(f"a chain of thought has an output '{REASONING}' of its own")
    if key in session:
        raise ProgramExists(f"session '{session.id}' has a program '{id}'")
    check_limit("MAX_PROGRAMS", MAX_PROGRAMS, len(_keys(session)) + 1, f"session '{session.id}'")
    program: Json = {
        "id": id,
        "kind": kind,
        "inputs": inputs,
        "outputs": outputs,
        "instructions": instructions,
        "created": _now(),
        "executions": 0,
        "executed": None,
    }
    session[key] = program
    _count(session, "created")
    return program


def _now() -> int:
    """Return the wall clock in milliseconds."""
    return int(time.time() * 1000)


# A language model is something outside of the session: only where none is asked may a lost execution be repeated unasked.
@handler(name="programs.execute", effects=None if _HAS_DSPY else "session")
def execute(ctx: Context, id: str, inputs: Json) -> Json:
    """Run a program of the session and return its outputs, and what they are from."""
    session = _session(ctx)
    program = _find(session, id)
    check_inputs(program, inputs)
    begun = time.monotonic()
    try:
        outputs = _WORKER.get().execute(program, inputs, _WORKER.language_model)
    except BackendFailed:
        _WORKER.errors += 1
        raise
    program["executions"] += 1
    program["executed"] = _now()
    session[_PROGRAM + id] = program
    _count(session, "executed")
    return {
        "id": id,
        "outputs": outputs,
        "backend": _backend(),
        "model": _WORKER.model,
        "micros": int((time.monotonic() - begun) * 1e6),
    }


@handler(name="programs.list", effects="session")
def list_programs(ctx: Context) -> List[Json]:
    """Return the programs of the session, by id."""
    session = _session(ctx)
    return [session[key] for key in _keys(session)]


@handler(name="programs.get", effects="session")
def get(ctx: Context, id: str) -> Json:
    """Return a program of the session."""
    return _find(_session(ctx), id)


@handler(name="programs.delete", effects="session")
def delete(ctx: Context, id: str) -> Json:
    """Delete a program of the session and return it as it was."""
    session = _session(ctx)
    program = _find(session, id)
    del session[_key(id)]
    _count(session, "deleted")
    return program


@handler(name="programs.stats", effects="session")
def stats(ctx: Context) -> Json:
    """Return what the session has, and has had, and what this worker has done since it started."""
    session = _session(ctx)
    counts = session.get(_COUNTS, _NO_COUNTS)
    return {
        "session": session.id,
        "programs": len(_keys(session)),
        "created": counts["created"],
        "executed": counts["executed"],
        "deleted": counts["deleted"],
        "backend": _backend(),
        "model": _WORKER.model,
        "worker": {
            "id": ctx.worker_id,
            "calls": _WORKER.calls,
            "errors": _WORKER.errors,
            "uptime": int((time.monotonic() - _WORKER.since) * 1000),
        },
    }


@handler(name="programs.cleanup", effects="session")
def cleanup(ctx: Context) -> int:
    """Delete the programs of the session and return how many there were. What was counted stays."""
    session = _session(ctx)
    keys = _keys(session)
    for key in keys:
        del session[key]
    if keys:
        _count(session, "deleted", len(keys))
    return len(keys)


@handler(name="programs.reset", effects="session")
def reset(ctx: Context) -> int:
    """Delete the programs of the session and what was counted, and return how many programs there were."""
    session = _session(ctx)
    keys = _keys(session)
    for key in keys:
        del session[key]
    session.pop(_COUNTS, None)
    return len(keys)


# The worker


@handler(name="programs.ping")
def ping(ctx: Context) -> Json:
    """Say that this worker is there, and what programs are run with."""
    return {"worker": ctx.worker_id, "backend": _backend(), "model": _WORKER.model}


@handler(name="programs.configure")
def configure(ctx: Context, model: str, options: Optional[Json] = None) -> Json:
    """Set the language model of this worker; the pool's ``configure`` calls it in all. Raises without changing anything.

    ``options`` are handed to ``dspy.LM``; they may be secrets, and are told to nobody.
    """
    options = {} if options is None else options
    if not isinstance(model, str) or not model:
        raise InvalidInput(f"the name of a language model is a text that is not empty, got {quoted(model)}")
    check_limit("MAX_OPTION_CHARS", MAX_OPTION_CHARS, len(model), "the name of the language model")
    if not isinstance(options, dict):
        raise InvalidInput(f"options are an object of names and values, got {type(options).__name__}")
    check_limit("MAX_OPTIONS", MAX_OPTIONS, len(options), "the object of options")
    for name, value in options.items():
        if not NAME.match(name):
            raise InvalidInput(f"the name of an option is letters, digits and underscores, got {quoted(name)}")
        size = max(len(name), chars(value, f"the option '{name[:80]}'"))
        check_limit("MAX_OPTION_CHARS", MAX_OPTION_CHARS, size, f"the option '{name[:80]}'")
    language_model = _WORKER.get().configure(model, options)
    _WORKER.language_model = language_model
    _WORKER.model = model
    return ping(ctx)


@handler(name="programs.shutdown")
def shutdown() -> None:
    """End this worker process at once. The call fails, because nobody is left to answer it, and the pool starts another."""
    os._exit(0)
