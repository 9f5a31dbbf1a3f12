"""Describing exceptions, those above all that do not want to be described."""

from __future__ import annotations

import json
import pickle
import types
import unittest
from typing import Any, Dict

from . import support  # noqa: F401
from vivarium_worker import CallCancelled, RetryAfter, errors

RAISED = (RuntimeError("x"), KeyboardInterrupt(), SystemExit(3), CallCancelled("own"), MemoryError(), RecursionError())


def exception_with(**attributes: Any) -> BaseException:
    """Return an exception of a class with these attributes."""
    return type("Broken", (Exception,), attributes)("argument")


def raising(error: BaseException) -> Any:
    def broken(*_: Any) -> Any:
        raise error

    return broken


class Lying(type):
    """Makes classes whose names cannot be read."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class Nameless(Exception, metaclass=Lying):
    pass


def awkward(error: BaseException) -> Dict[str, BaseException]:
    """Return exceptions, by what is wrong with them, that raise ``error`` when they are described."""
    broken = raising(error)
    noted = Exception("noted")
    noted.__notes__ = ["kept", exception_with(__str__=broken)]  # type: ignore[attr-defined]
    listed = Exception("listed")
    listed.__notes__ = type("Notes", (list,), {"__iter__": broken})()  # type: ignore[attr-defined]
    caused = Exception("caused")
    caused.__cause__ = exception_with(__str__=broken)
    return {
        "__str__": exception_with(__str__=broken),
        "__repr__ of an argument": Exception((exception_with(__repr__=broken), 1)),
        "__getattr__": exception_with(__getattr__=broken),
        "__getattribute__": exception_with(__getattribute__=broken),
        "__class__": exception_with(__class__=property(broken)),
        "__cause__": exception_with(__cause__=property(broken)),
        "__context__": exception_with(__context__=property(broken)),
        "__suppress_context__": exception_with(__suppress_context__=property(broken)),
        "__traceback__": exception_with(__traceback__=property(broken)),
        "__notes__": exception_with(__notes__=property(broken)),
        "a note": noted,
        "the list of notes": listed,
        "a cause": caused,
        "a module that is no string": exception_with(__module__=7),
        "a text with methods of its own": exception_with(
            __str__=lambda _: type("Text", (str,), {"__len__": broken, "__getitem__": broken, "isascii": broken})("t")
        ),
        "the name of the class": Nameless("x"),
    }


class Describing(unittest.TestCase):
    def test_never_raises_whatever_the_exception_does(self) -> None:
        for raised in RAISED:
            for name, error in awkward(raised).items():
                with self.subTest(name, raised=type(raised).__name__):
                    description = errors.of_exception("handler", "RAN", error)
                    self.assertTrue(json.dumps(description))
                    self.assertTrue(description["type"])

    def test_says_that_a_text_cannot_be_shown_and_why(self) -> None:
        description = errors.of_exception("handler", "RAN", exception_with(__str__=raising(SystemExit(3))))

        self.assertEqual(description["message"], "<the text cannot be shown: SystemExit>")

    def test_keeps_the_notes_that_can_be_shown(self) -> None:
        notes = errors.of_exception("handler", "RAN", awkward(ValueError())["a note"])["notes"]

        self.assertEqual(notes, ["kept", "<the text cannot be shown: ValueError>"])

    def test_finds_the_true_cause_behind_a_class_that_hides_it(self) -> None:
        try:
            raise exception_with(__cause__=property(raising(RuntimeError()))) from KeyError("root")
        except Exception as error:
            description = errors.of_exception("handler", "RAN", error)

        self.assertEqual([(c["relation"], c["type"]) for c in description["causes"]], [("cause", "KeyError")])

    def test_leaves_out_the_source_when_its_loader_raises(self) -> None:
        loader = types.SimpleNamespace(get_source=raising(KeyboardInterrupt()))
        scope = {"__name__": "odd", "__loader__": loader, "__spec__": None}
        exec(compile("def fail():\n    raise ValueError\n", "not/there.py", "exec"), scope)
        try:
            scope["fail"]()  # type: ignore[operator]
        except ValueError as error:
            traceback = errors.of_exception("handler", "RAN", error)["traceback"]

        self.assertEqual(traceback[-1], {"file": "not/there.py", "line": 2, "function": "fail", "code": ""})

    def test_shows_lone_surrogates_as_escapes(self) -> None:
        description = errors.of_exception("handler", "RAN", OSError("file \udcff"))

        self.assertEqual(description["message"], "file \\udcff")
        self.assertTrue(errors.encode(description, 1 << 20))


class AskingToBeCalledAgain(unittest.TestCase):
    def test_travels_in_whole_milliseconds_rounded_up(self) -> None:
        for seconds, millis in ((0, 0), (1.5, 1500), (0.0001, 1), (86_400, 86_400_000)):
            with self.subTest(seconds):
                description = errors.of_exception("handler", "RAN", RetryAfter(seconds, "busy"))
                self.assertEqual((description["retryAfterMillis"], description["message"]), (millis, "busy"))
                self.assertIn(b'"retryAfterMillis":%d' % millis, errors.encode(description, 120))

    def test_is_refused_out_of_bounds_naming_limit_and_value(self) -> None:
        for wrong in (-0.001, 86_400.5, float("nan"), float("inf"), 10**400, True, "5", None):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "from 0 to 86400, got ") as caught:
                RetryAfter(wrong)  # type: ignore[arg-type]
            self.assertIn(repr(wrong), str(caught.exception))

    def test_says_by_itself_for_how_long(self) -> None:
        self.assertEqual(str(RetryAfter(2)), "to be called again after 2.0 s")

    def test_can_be_pickled(self) -> None:
        copy = pickle.loads(pickle.dumps(RetryAfter(2.5, "busy")))
        self.assertEqual((copy.seconds, str(copy)), (2.5, "busy"))

    def test_is_nothing_outside_of_a_handler(self) -> None:
        self.assertNotIn("retryAfterMillis", errors.of_exception("load", "NOT_STARTED", RetryAfter(1)))

    def test_is_left_out_when_a_class_of_the_users_spoils_it(self) -> None:
        def forgetful(self: RetryAfter, *_: Any) -> None:
            pass

        def lying(self: RetryAfter, *_: Any) -> None:
            self._millis = -5

        for init in (forgetful, lying):
            with self.subTest(init.__name__):
                error = type("Spoiled", (RetryAfter,), {"__init__": init, "__str__": lambda self: "x"})(1)
                self.assertNotIn("retryAfterMillis", errors.of_exception("handler", "RAN", error))


class Shortening(unittest.TestCase):
    def test_fits_the_smallest_limit_that_a_pool_can_have(self) -> None:
        for character in ("x", "\x00", "\U0001f600"):
            long_name = type("N" * 20_000, (Exception,), {})
            description = errors.of_exception("handler", "RAN", long_name(character * 20_000))
            with self.subTest(character):
                encoded = errors.encode(description, 1024)

                self.assertLessEqual(len(encoded), 1024)
                self.assertIn("over maxBodyBytes", json.loads(encoded)["message"])


if __name__ == "__main__":
    unittest.main()
