"""Signatures of programs: what they are made of, what they may be, and what is said of those that may not."""

from __future__ import annotations

import json
import keyword
import re
from typing import Any, Dict, List, Tuple, Union

MAX_ID_CHARS = 128
"""How long a program's id can be."""

MAX_FIELDS = 32
"""How many inputs and outputs together a signature can have."""

MAX_FIELD_NAME_CHARS = 64
"""How long the name of a field can be."""

MAX_DESCRIPTION_CHARS = 1_000
"""How long the description of a field can be."""

MAX_INSTRUCTIONS_CHARS = 10_000
"""How long a program's instructions can be."""

MAX_SIGNATURE_CHARS = 4_000
"""How long a signature as text can be."""

MAX_INPUT_CHARS = 1_000_000
"""How long an input can be, as JSON."""

MAX_OPTIONS = 32
"""How many options a language model can be given."""

MAX_OPTION_CHARS = 10_000
"""How long the name or the value of such an option can be, as JSON."""

PREDICT = "predict"
CHAIN_OF_THOUGHT = "chain_of_thought"
KINDS = (PREDICT, CHAIN_OF_THOUGHT)

REASONING = "reasoning"
"""The output that a chain of thought has besides those of its signature."""

TYPES = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list": list,
    "dict": dict,
}
_TYPE_WORDS = {
    "string": "str",
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    **{name: name for name in TYPES},
}

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z", re.ASCII)
Signature = Union[str, Dict[str, Any]]
Fields = List[Dict[str, str]]
Json = Dict[str, Any]


class ProgramError(Exception):
    """Something about a program that its caller has to change."""


class InvalidSignature(ProgramError, ValueError):
    """A signature cannot be read; the message says where, and what was expected."""


class InvalidInput(ProgramError, ValueError):
    """An argument does not fit the program, or cannot be one."""


class LimitExceeded(ProgramError, ValueError):
    """Something is larger than it may be; the message names the limit, its value and the value that was given."""

    def __init__(self, limit: str, value: int, given: int, what: str) -> None:
        super().__init__(f"{limit} is {value}, and {what} has {given}")
        self.limit = limit
        self.value = value
        self.given = given


class ProgramNotFound(ProgramError, LookupError):
    """The session has no program of that id."""


class ProgramExists(ProgramError):
    """The session has a program of that id already."""


class NoSession(ProgramError):
    """The call was not made with ``pool.session(...)``; programs live in sessions."""


class BackendFailed(ProgramError):
    """DSPy could not do what it was asked; the cause is what it raised."""


def check_limit(limit: str, value: int, given: int, what: str) -> None:
    if given > value:
        raise LimitExceeded(limit, value, given, what)


def chars(value: Any, what: str) -> int:
    try:
        return len(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{what} has no form in JSON: {error}") from None


def quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _field(name: Any, type_word: Any, description: Any) -> Dict[str, str]:
    if not isinstance(name, str):
        raise InvalidSignature(f"the name of a field is a string, got {type(name).__name__}")
    check_limit("MAX_FIELD_NAME_CHARS", MAX_FIELD_NAME_CHARS, len(name), f"the field {quoted(name)}")
    if not NAME.match(name) or keyword.iskeyword(name):
        raise InvalidSignature(
            f"the name of a field is letters, digits and underscores, begins with a letter and is no word of Python's, "
            f"got {quoted(name)}"
        )
    if not isinstance(type_word, str) or type_word not in _TYPE_WORDS:
        raise InvalidSignature(f"the type of field '{name}' is one of {', '.join(TYPES)}, got {quoted(type_word)}")
    if not isinstance(description, str):
        raise InvalidSignature(f"the description of field '{name}' is a string, got {type(description).__name__}")
    check_limit("MAX_DESCRIPTION_CHARS", MAX_DESCRIPTION_CHARS, len(description), f"the description of field '{name}'")
    return {"name": name, "type": _TYPE_WORDS[type_word], "description": description}


def _fields_of_text(text: str, side: str) -> Fields:
    fields = []
    for part in text.split(","):
        name, colon, type_word = part.partition(":")
        if not name.strip():
            raise InvalidSignature(f"a field without a name among the {side}: {quoted(text.strip())}")
        fields.append(_field(name.strip(), type_word.strip() if colon else "str", ""))
    return fields


def _fields_of_list(entries: Any, side: str) -> Fields:
    if not isinstance(entries, list):
        raise InvalidSignature(f"the {side} of a signature are a list, got {type(entries).__name__}")
    check_limit("MAX_FIELDS", MAX_FIELDS, len(entries), f"the list of {side}")
    fields = []
    for entry in entries:
        if isinstance(entry, str):
            entry = {"name": entry}
        if not isinstance(entry, dict):
            raise InvalidSignature(f"each of the {side} is a name or an object with one, got {type(entry).__name__}")
        unknown = sorted(set(entry) - {"name", "type", "description"})
        if unknown:
            raise InvalidSignature(f"a field has name, type and description, got {quoted(unknown[0])} as well")
        if "name" not in entry:
            raise InvalidSignature(f"a field without a name among the {side}")
        fields.append(_field(entry["name"], entry.get("type", "str"), entry.get("description", "")))
    return fields


def parse_signature(signature: Signature) -> Tuple[Fields, Fields]:
    """Return the inputs and outputs of a signature, each with name, type and description.

    It is text, ``"question, hits: int -> answer"``, or ``{"inputs": [...], "outputs": [...]}`` whose entries are names or
    objects with ``name``, ``type`` and ``description``. Raises InvalidSignature or LimitExceeded.
    """
    if isinstance(signature, str):
        check_limit("MAX_SIGNATURE_CHARS", MAX_SIGNATURE_CHARS, len(signature), "the signature")
        sides = signature.split("->")
        if len(sides) != 2:
            raise InvalidSignature(
                f"a signature has one arrow, as in 'question -> answer', got {len(sides) - 1} in {quoted(signature)}"
            )
        inputs, outputs = _fields_of_text(sides[0], "inputs"), _fields_of_text(sides[1], "outputs")
    elif isinstance(signature, dict):
        unknown = sorted(str(key) for key in set(signature) - {"inputs", "outputs"})
        if unknown:
            raise InvalidSignature(f"a signature has inputs and outputs, got {quoted(unknown[0])} as well")
        inputs = _fields_of_list(signature.get("inputs", []), "inputs")
        outputs = _fields_of_list(signature.get("outputs", []), "outputs")
    else:
        raise InvalidSignature(f"a signature is text or an object, got {type(signature).__name__}")
    if not inputs or not outputs:
        raise InvalidSignature(f"a signature has inputs and outputs, got {len(inputs)} and {len(outputs)}")
    check_limit("MAX_FIELDS", MAX_FIELDS, len(inputs) + len(outputs), "the signature")
    seen = set()
    for field in inputs + outputs:
        if field["name"] in seen:
            raise InvalidSignature(f"two fields are named '{field['name']}'")
        seen.add(field["name"])
    return inputs, outputs


def _fits(value: Any, type_name: str) -> bool:
    if type_name == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if type_name == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[type_name])


def check_inputs(program: Json, inputs: Any) -> None:
    if not isinstance(inputs, dict):
        raise InvalidInput(f"inputs are an object of names and values, got {type(inputs).__name__}")
    known = {field["name"]: field["type"] for field in program["inputs"]}
    for name in inputs:
        if name not in known:
            raise InvalidInput(
                f"program '{program['id']}' has no input {quoted(name)}; its inputs are {', '.join(known)}"
            )
    for name, type_name in known.items():
        if name not in inputs:
            raise InvalidInput(f"program '{program['id']}' needs the input '{name}'")
        value = inputs[name]
        if not _fits(value, type_name):
            raise InvalidInput(
                f"the input '{name}' of program '{program['id']}' is a {type_name}, got {type(value).__name__}"
            )
        check_limit("MAX_INPUT_CHARS", MAX_INPUT_CHARS, chars(value, f"the input '{name}'"), f"the input '{name}'")
