"""Finds handlers in files and modules."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from types import FunctionType, ModuleType
from typing import Collection, Dict, List, Optional, Tuple

from . import errors
from .api import Handler, hook_of, marked_name


class LoadError(Exception):
    """A source of handlers could not be loaded; the cause says why."""


class Loaded:
    """What has been loaded in this process so far: nothing, or what the template had loaded when it was forked."""

    def __init__(self) -> None:
        self._path: List[str] = []
        self._sources: List[str] = []
        self._handlers: Dict[str, Handler] = {}
        self._hooks: Dict[str, FunctionType] = {}

    def extend_path(self, folders: List[str]) -> None:
        """Put folders before ``sys.path``, unless they have been put there."""
        if folders != self._path:
            sys.path[:0] = folders
            self._path = folders

    def handlers_of(self, sources: List[str]) -> Tuple[Dict[str, Handler], Dict[str, FunctionType]]:
        """Return the handlers of these sources by name, and the hooks as ``load`` gives them; raise LoadError."""
        if sources != self._sources:
            self._hooks = {}
            self._handlers = load(sources, self._hooks)
            self._sources = sources
        return self._handlers, self._hooks


def load(sources: List[str], hooks: Optional[Dict[str, FunctionType]] = None) -> Dict[str, Handler]:
    """Load every source in order and return its handlers by name, or raise LoadError.

    ``hooks`` gets the functions marked ``session_open`` and ``session_close``, by the words ``open`` and ``close``.
    """
    handlers: Dict[str, Handler] = {}
    origins: Dict[str, str] = {}
    hooks = {} if hooks is None else hooks
    for source in sources:
        try:
            module = _load_file(source) if source.endswith(".py") else importlib.import_module(source)
        except BaseException as error:
            reason = f"{errors.type_name(type(error))}: {errors.text(error)}"
            raise LoadError(f"{source} cannot be loaded: {reason}") from error
        _collect_hooks(module, source, hooks)
        found = _handlers_of(module)
        if not found:
            raise LoadError(f"{source} defines no handler: mark a function with @handler")
        for name, function in found.items():
            if name in handlers and handlers[name].function is not function:
                raise LoadError(f"two handlers are named '{name}': in {origins[name]} and in {source}")
            handlers[name] = Handler(name, function)
            origins[name] = source
    if any(handler.needs_event_loop for handler in handlers.values()):
        # Not in the time of the first call.
        importlib.import_module(".coroutines", __package__)
    return handlers


def _collect_hooks(module: ModuleType, source: str, hooks: Dict[str, FunctionType]) -> None:
    for value in vars(module).values():
        what = hook_of(value)
        if what is None:
            continue
        if hooks.setdefault(what, value) is not value:
            raise LoadError(f"two functions are marked with @session_{what}: the second is in {source}")


def describe(handlers: Collection[Handler], load_us: int, limit: int, hooks: Collection[str] = ()) -> bytes:
    """Return the body of READY, or raise LoadError when not even the names fit into ``limit`` bytes.

    What is only read by people is cut as far as it must be.
    """
    ready = b""
    for signature, doc in ((1000, 1000), (1000, 100), (200, 40), (200, 0), (40, 0), (0, 0)):
        entries = [
            {"name": errors.cut(h.name), "signature": errors.cut(h.signature, signature), "doc": errors.cut(h.doc, doc)}
            for h in handlers
        ]
        for entry, h in zip(entries, handlers):
            if h.effects is not None:
                entry["effects"] = h.effects
        body: Dict[str, object] = {"handlers": entries, "load_us": load_us}
        if hooks:
            body["session_hooks"] = sorted(hooks)
        ready = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        if len(ready) <= limit:
            return ready
    raise LoadError(
        f"the names of {len(handlers)} handlers take {len(ready)} bytes; maxBodyBytes is {limit}: "
        "raise it, or load fewer handlers"
    )


def _load_file(path: str) -> ModuleType:
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no such file: {path}")
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        # A script's neighbours are importable when it is run; they are so here as well.
        sys.path.insert(0, folder)
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) != os.path.abspath(path):
        name = f"vivarium_handlers_{name}"
    spec = importlib.util.spec_from_file_location(name, os.path.abspath(path))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not Python source")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pickle, dataclasses and typing look modules up here while they load.
    spec.loader.exec_module(module)
    return module


def _handlers_of(module: ModuleType) -> Dict[str, FunctionType]:
    """Return the marked functions; where none is marked, the public functions that the module itself defines."""
    marked = {}
    for value in vars(module).values():
        name = marked_name(value)
        if name is not None:
            marked[name] = value
    if marked:
        return marked
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_function_of(module, value) and hook_of(value) is None
    }


def _is_function_of(module: ModuleType, value: object) -> bool:
    try:
        return isinstance(value, FunctionType) and value.__module__ == module.__name__
    except Exception:  # As for marks: a proxy, which is asked for its class here.
        return False
