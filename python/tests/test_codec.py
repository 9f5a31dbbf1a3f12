"""The rules of the codec, with and without orjson."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import math
import resource
import sys
import unittest
import uuid
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from . import support  # noqa: F401
from vivarium_worker import CallCancelled, codec

try:
    import numpy  # type: ignore[import-not-found]
except ImportError:
    numpy = None


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


class OwnValue(int, enum.Enum):
    """Is the integer 1, but its value is text."""

    A = 1

    def __new__(cls, number: int) -> "OwnValue":
        member = int.__new__(cls, number)
        member._value_ = "val"
        return member


class Number(enum.IntEnum):
    ONE = 1


class Letter(str, enum.Enum):
    A = "a"


class Half(float, enum.Enum):
    HALF = 0.5


class Pair(tuple, enum.Enum):
    ONE_TWO = (1, 2)


class Raw(bytes, enum.Enum):
    A = b"\x00\xff"


class Bits(enum.Flag):
    READ = 1
    WRITE = 2


class Wrapped(enum.Enum):
    POINT = Point(1, 2.0)
    COLOUR = Colour.RED
    NOTHING = None


class Size(NamedTuple):
    width: int
    unit: Any


class Whole(int):
    def __repr__(self) -> str:
        return "not a number"


class Text(str):
    def __str__(self) -> str:
        return "another text"


class Real(float):
    def __repr__(self) -> str:
        return "not a number"


class Items(list):
    pass


class Mapping(dict):
    def items(self) -> Any:
        return [("from items()", 1)]


@dataclasses.dataclass
class Holder:
    held: Any


class Unset:
    """Raises for whatever is read of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


RELEASED = memoryview(b"released")
RELEASED.release()
LOOP: List[Any] = []
LOOP.append(LOOP)
DERIVED_LOOP = Items()
DERIVED_LOOP.append({"again": DERIVED_LOOP})


class NoValue(enum.Enum):
    A = 1

    @property
    def value(self) -> Any:
        raise RuntimeError("no value")


class BrokenText(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


def raising(base: type, method: str, error: BaseException) -> Any:
    """Return an object of a class derived from ``base``, not empty if that is a dict, with a method that raises."""

    def broken(*_: Any) -> Any:
        raise error

    return type("Broken", (base,), {method: broken})(*([{"a": 1}] if base is dict else []))


def without_field() -> Any:
    holder = Holder(1)
    del holder.held
    return holder


# What the value is, and what the message must hold.
REFUSED: Dict[str, Tuple[Any, str]] = {
    "a dataclass with an unset field": (without_field(), "(at result['held'])"),
    "a dict whose items() raises": ({"a": raising(dict, "items", RuntimeError("late"))}, "late (at result['a'])"),
    "a dict whose items() exits": (raising(dict, "items", SystemExit(3)), "SystemExit: 3"),
    "a dict whose items() interrupts": (raising(dict, "items", KeyboardInterrupt()), "KeyboardInterrupt"),
    "a dict whose items() is cancelled": (raising(dict, "items", CallCancelled("own")), "CallCancelled: own"),
    "a dict without memory": (raising(dict, "items", MemoryError()), "MemoryError"),
    "a dict whose items() raises what cannot be shown": (raising(dict, "items", BrokenText()), "SystemExit"),
    "a list that cannot be iterated": (raising(list, "__iter__", ZeroDivisionError("x")), "ZeroDivisionError: x"),
    "an object that hides everything": ([Unset()], "result[0]"),
    "a released memoryview": (RELEASED, "ValueError"),
    "an enum whose value raises": ([NoValue.A], "no value (at result[0])"),
    "a key of another type": ({(1, 2): 3}, "key (1, 2) of type tuple"),
    "a key whose repr raises": ({"a": {raising(object, "__repr__", ValueError("x")): 1}}, "result['a']"),
    "an object": ({"a": [1, object()]}, "object has no JSON encoding (at result['a'][1])"),
    "a set": ([{1}], "set has no JSON encoding (at result[0])"),
    "a complex number": (1j, "complex"),
    "code": (raising.__code__, "code"),
    "a lone surrogate": (["\ud800"], "lone surrogate U+D800 (at result[0])"),
    "a lone surrogate in ASCII text": ("a" * 100 + "\udfff", "lone surrogate U+DFFF"),
    "two surrogates that would make a pair": ("\ud83d\ude00", "lone surrogate U+D83D"),
    "a key with a lone surrogate": ({"a\udc00": 1}, "lone surrogate U+DC00"),
    "a lone surrogate beside an enum": ([Letter.A, {"k": "\ud800"}], "lone surrogate U+D800 (at result[1]['k'])"),
    "a list in itself": (LOOP, "contains itself"),
    "a derived list in itself": (DERIVED_LOOP, "contains itself"),
}

AWKWARD: Dict[str, Tuple[Any, Any]] = {
    "an enum is its value": (Colour.RED, "red"),
    "an enum of integers is its value, not its integer": (OwnValue.A, "val"),
    "an IntEnum": (Number.ONE, 1),
    "an enum of strings": (Letter.A, "a"),
    "an enum of floats": (Half.HALF, 0.5),
    "an enum of tuples": (Pair.ONE_TWO, [1, 2]),
    "an enum of bytes": (Raw.A, "AP8="),
    "a flag of two bits": (Bits.READ | Bits.WRITE, 3),
    "an enum of a dataclass": (Wrapped.POINT, {"x": 1, "y": 2.0}),
    "an enum of an enum": (Wrapped.COLOUR, "red"),
    "an enum of None": (Wrapped.NOTHING, None),
    "enums inside": ([{"a": OwnValue.A}, (Number.ONE,)], [{"a": "val"}, [1]]),
    "enums as keys": (
        {Colour.RED: 1, OwnValue.A: 2, Half.HALF: 3, Wrapped.NOTHING: 4},
        {"red": 1, "val": 2, "0.5": 3, "null": 4},
    ),
    "a derived integer": (Whole(7), 7),
    "a derived string": (Text("text"), "text"),
    "a derived float": (Real(1.5), 1.5),
    "a derived NaN beside None": ([Real("nan"), None], [math.nan, None]),
    "a derived list": (Items([1, Whole(2)]), [1, 2]),
    "a derived dict": (Mapping(a=1), {"from items()": 1}),
    "derived keys": ({Text("t"): 1, Whole(2): 2, Real(0.5): 3}, {"t": 1, "2": 2, "0.5": 3}),
    "an ordered dict": (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "a named tuple": (Size(1, Letter.A), [1, "a"]),
    "a dataclass in a dataclass": (Holder(Holder({"a": Number.ONE})), {"held": {"held": {"a": 1}}}),
    "a dataclass that holds what orjson knows by itself": (Holder(uuid.UUID(int=7)), {"held": str(uuid.UUID(int=7))}),
    "a large integer": (10**400, 10**400),
    "an integer over 64 bits beside an enum": ([2**64, OwnValue.A], [2**64, "val"]),
    "a memoryview with gaps": (memoryview(b"\x00\x01\x02")[::2], "AAI="),
    "NaN and infinities": ([math.nan, math.inf, -math.inf], [math.nan, math.inf, -math.inf]),
    "keys that are not strings": (
        {2: 1, None: 2, True: 3, math.inf: 4, 2.5: 5},
        {"2": 1, "null": 2, "true": 3, "Infinity": 4, "2.5": 5},
    ),
    "two keys of one text": ({1: "a", "1": "b"}, {"1": "b"}),
    "two keys of one text, beside an enum": ({1: "a", "1": "b", "c": Letter.A}, {"1": "b", "c": "a"}),
    "keys that are not strings, beside an enum": (
        {2: 1, None: 2, True: 3, math.inf: 4, 2.5: Letter.A},
        {"2": 1, "null": 2, "true": 3, "Infinity": 4, "2.5": "a"},
    ),
}


VALUES = [
    None,
    True,
    "text with ünïcode and \u2028 and \U0001f600",
    1,
    2**63,
    2**64 + 1,
    -(10**40),
    1.5,
    1e22,
    float("inf"),
    [1, (2, 3)],
    {"a": None, "b": [float("-inf")]},
    {1: "one", None: "none", True: "yes", 2.5: "float"},
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    datetime.date(2026, 1, 2),
    datetime.time(3, 4),
    b"\x00\xff",
    bytearray(b"abc"),
    Colour.RED,
    uuid.UUID(int=7),
    Point(1, 2.0),
    {"deep": {"point": Point(1, math.inf)}},
]


class Encoding(unittest.TestCase):
    def test_gives_the_same_values_with_and_without_orjson(self) -> None:
        for value in VALUES:
            with self.subTest(repr(value)):
                self.assertEqual(codec.loads(codec.dumps(value)), codec.loads(codec.dumps_standard(value)))

    def test_gives_awkward_values_one_form_with_and_without_orjson(self) -> None:
        for name, (value, expected) in AWKWARD.items():
            for dumps in (codec.dumps, codec.dumps_standard):
                with self.subTest(name, encoder=dumps.__name__):
                    # repr tells 1 from 1.0 and True, and takes NaN for equal to itself.
                    self.assertEqual(repr(codec.loads(dumps(value))), repr(expected))

    def test_refuses_what_has_no_encoding_whatever_it_raises(self) -> None:
        for name, (value, message) in REFUSED.items():
            for dumps in (codec.dumps, codec.dumps_standard):
                with self.subTest(name, encoder=dumps.__name__):
                    with self.assertRaises(codec.Unencodable) as caught:
                        dumps(value)
                    self.assertIn(message, str(caught.exception))

    @unittest.skipUnless(hasattr(codec.orjson, "Fragment"), "orjson is not installed, or older than 3.9")
    def test_refuses_what_only_orjson_knows(self) -> None:
        with self.assertRaises(codec.Unencodable):
            codec.dumps([codec.orjson.Fragment(b"not JSON")])

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_takes_only_those_scalars_of_numpy_that_are_built_in_ones(self) -> None:
        for dumps in (codec.dumps, codec.dumps_standard):
            self.assertEqual(codec.loads(dumps([numpy.float64(0.5), numpy.str_("a")])), [0.5, "a"])
            for value in (numpy.int64(1), numpy.float32(1), numpy.bool_(True), numpy.array([1])):  # In a session; see test_attachments.
                with self.subTest(repr(value), encoder=dumps.__name__), self.assertRaises(codec.Unencodable):
                    dumps([value])

    def test_keeps_nan(self) -> None:
        self.assertEqual(codec.dumps([float("nan")]), b"[NaN]")
        self.assertTrue(math.isnan(codec.loads(b"NaN")))

    def test_keeps_integers_exact(self) -> None:
        for number in (2**53 + 1, 2**64, 10**100):
            self.assertEqual(codec.loads(codec.dumps(number)), number)

    def test_writes_dates_as_text_and_bytes_as_base64(self) -> None:
        self.assertEqual(codec.loads(codec.dumps(datetime.date(2026, 1, 2))), "2026-01-02")
        self.assertEqual(codec.loads(codec.dumps(b"\x00\xff")), "AP8=")

    @unittest.skipUnless(hasattr(sys, "set_int_max_str_digits"), "this interpreter never limits integers")
    def test_keeps_integers_of_any_size_exact_once_the_worker_has_lifted_the_limit(self) -> None:
        before = sys.get_int_max_str_digits()
        self.addCleanup(sys.set_int_max_str_digits, before)
        sys.set_int_max_str_digits(0)

        for dumps in (codec.dumps, codec.dumps_standard):
            self.assertEqual(codec.loads(dumps(10**5000)), 10**5000)

    def test_names_what_cannot_be_encoded_and_where(self) -> None:
        for value, where in (({"a": [1, object()]}, "result['a'][1]"), ({(1, 2): 3}, "key (1, 2)")):
            with self.subTest(where), self.assertRaises(codec.Unencodable) as caught:
                codec.dumps(value)
            self.assertIn(where, str(caught.exception))

    def test_refuses_arguments_that_hold_a_lone_surrogate(self) -> None:
        for body in (b'["f", ["\\ud800"], {}]', b'["\\uDFFF"]', b'{"\\ud83d": 1}', b'["\xed\xa0\x80"]'):
            with self.subTest(body), self.assertRaises(ValueError):
                codec.loads(body)

    def test_takes_escaped_pairs_and_escaped_backslashes_for_what_they_are(self) -> None:
        self.assertEqual(codec.loads(b'["\\ud83d\\ude00", "\\\\ud800"]'), ["\U0001f600", "\\ud800"])


def tied(kind: Callable[[List[Any]], Any]) -> Any:
    """Return a value that holds itself three times, by way of something that ``kind`` makes of a list."""
    root: Dict[str, Any] = {"name": "root"}
    root["children"] = kind([{"parent": root} for _ in range(3)])
    return root


def doubled(kind: Callable[[List[Any]], Any]) -> Any:
    """Return a value that is small in memory, and would be 2**60 values in JSON."""
    value = kind(["x"])
    for _ in range(60):
        value = kind([value, value])
    return value


KINDS: Dict[str, Callable[[List[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "dict": lambda items: dict(enumerate(items)),
    "derived list": Items,
    "dataclass": lambda items: Holder(list(items)),
    "list beside an object": lambda items: [*items, Letter.A],
}


class Repeating(unittest.TestCase):
    """Values in which something occurs more than once: each level can double what has to be written."""

    def setUp(self) -> None:
        # The old way, which would fill the memory, is to end in an error.
        before = resource.getrlimit(resource.RLIMIT_AS)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_AS, before)
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, before[1]))

    def test_refuses_what_contains_itself_more_than_once(self) -> None:
        twice: List[Any] = []
        twice += [twice, twice]
        values = {"a list twice in itself": twice}
        values.update((name, tied(kind)) for name, kind in KINDS.items())
        for name, value in values.items():
            for dumps in (codec.dumps, codec.dumps_standard):
                with self.subTest(name, encoder=dumps.__name__):
                    with self.assertRaises(codec.Unencodable) as caught:
                        dumps(value)
                    self.assertIn("the value contains itself (at result[", str(caught.exception))

    def test_says_where_a_value_contains_itself(self) -> None:
        with self.assertRaises(codec.Unencodable) as caught:
            codec.dumps(tied(list))

        self.assertIn("(at result['children'][0]['parent'])", str(caught.exception))

    def test_refuses_what_contains_itself_beside_as_much_as_a_result_may_hold(self) -> None:
        value = tied(list)
        value["children"].insert(0, list(range(100_000)))

        with self.assertRaises(codec.Unencodable):
            codec.dumps(value)

    def test_ends_before_what_doubles_fills_the_memory(self) -> None:
        for name, kind in KINDS.items():
            for dumps in (codec.dumps, codec.dumps_standard):
                with self.subTest(name, encoder=dumps.__name__):
                    value = doubled(kind)
                    with self.assertRaises(codec.TooLarge) as caught:
                        dumps(value, 1 << 20)
                    self.assertIn(str(1 << 20), str(caught.exception))

    def test_ends_before_one_text_that_occurs_often_fills_the_memory(self) -> None:
        for value in (["x" * 1_000_000] * 100_000, [Letter.A, *["x" * 1_000_000] * 100_000]):
            for dumps in (codec.dumps, codec.dumps_standard):
                with self.subTest(encoder=dumps.__name__), self.assertRaises(codec.TooLarge):
                    dumps(value)

    def test_writes_what_occurs_often_as_often_as_the_limit_allows(self) -> None:
        shared = {"a": [1, 2.5, None]}
        for value in ([shared] * 1000, [Holder(shared)] * 1000, [shared, Letter.A, shared]):
            expected = codec.loads(codec.dumps_standard(value))
            self.assertEqual(len(expected), len(value))
            size = len(codec.dumps(value))
            for dumps in (codec.dumps, codec.dumps_standard):
                self.assertEqual(codec.loads(dumps(value, size)), expected)
                with self.assertRaises(codec.TooLarge) as caught:
                    dumps(value, size - 1)
                self.assertIn(str(size), str(caught.exception))

    def test_tells_the_exact_size_of_what_is_as_large_in_memory(self) -> None:
        for value in (list(range(100_000)), [{"a": i, "b": "x" * 20} for i in range(1000)]):
            with self.assertRaises(codec.TooLarge) as caught:
                codec.dumps(value, 1024)

            self.assertIn(f"the result has {len(codec.dumps(value))}", str(caught.exception))

    def test_takes_what_is_shorter_in_json_than_it_looks(self) -> None:
        for value in ([0.0] * 10_000, [[]] * 10_000, [{}, ()] * 10_000, [Whole(0)] * 10_000):
            encoded = codec.dumps(value)

            self.assertEqual(codec.dumps(value, len(encoded)), encoded)

    def test_takes_values_as_deep_as_the_interpreter_does(self) -> None:
        value: Any = []
        for _ in range(900):
            value = [value]

        self.assertEqual(codec.dumps(value), b"[" * 901 + b"]" * 901)


if __name__ == "__main__":
    unittest.main()
