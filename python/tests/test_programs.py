"""Programs: signatures, what is kept in a session, and both of the things that they are run with."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile
import textwrap
import unittest
from typing import Any, Dict, Optional

from . import support  # noqa: F401
from vivarium_worker import Context, codec, programs, sessions
from vivarium_worker import program_signatures as signatures

FAKE_DSPY = '''
import contextlib

__version__ = "9.9"
asked = []
_current = None

class LM:
    def __init__(self, model, **options):
        if options.get("api_key") == "wrong":
            raise PermissionError("no such key: wrong")
        self.model = model
        self.options = options

class Signature:
    def __init__(self, text, instructions=None):
        self.text = text
        self.instructions = instructions
        self.described = {}

    def with_updated_fields(self, name, desc):
        other = Signature(self.text, self.instructions)
        other.described = {**self.described, name: desc}
        return other

@contextlib.contextmanager
def context(lm):
    global _current
    before, _current = _current, lm
    try:
        yield
    finally:
        _current = before

class Prediction:
    pass

class Predict:
    def __init__(self, signature):
        self.signature = signature

    def __call__(self, **inputs):
        asked.append((type(self).__name__, self.signature, inputs, _current))
        if "fail" in inputs.values():
            raise RuntimeError("the model is down")
        prediction = Prediction()
        for field in self.signature.text.split("->")[1].split(","):
            setattr(prediction, field.split(":")[0].strip(), f"{_current.model} says so")
        return prediction

class ChainOfThought(Predict):
    def __call__(self, **inputs):
        prediction = super().__call__(**inputs)
        prediction.reasoning = "because"
        return prediction
'''


def context(session: Optional[sessions.Session]) -> Context:
    return Context(1, "test/2", logging.getLogger("test"), None, lambda: 0.0, lambda: None, session)


class InASession(unittest.TestCase):
    """Each call gets a view of its own, and what it changed is kept for the next one, as in a worker."""

    def setUp(self) -> None:
        self.programs = importlib.reload(programs)
        self.state: Dict[str, bytes] = {}

    def call(self, name: str, *args: Any, **keywords: Any) -> Any:
        session = sessions.Session(sessions.Head(0, 1, "s", False), sessions.Kept(0, 1, dict(self.state)))
        result = getattr(self.programs, name)(context(session), *args, **keywords)
        codec.dumps(result, 1 << 20)
        for key, value in session.changes(1 << 20).items():
            if value is None:
                del self.state[key]
            else:
                self.state[key] = value
        return result

    def refused(self, error: type, name: str, *args: Any, **keywords: Any) -> str:
        before = dict(self.state)
        with self.assertRaises(error) as raised:
            self.call(name, *args, **keywords)
        self.assertIsInstance(raised.exception, signatures.ProgramError)
        self.assertEqual(self.state, before)
        return str(raised.exception)


class ASignature(unittest.TestCase):
    def test_is_read_from_text(self) -> None:
        inputs, outputs = programs.parse_signature(" question , hits:int->answer : float ")

        self.assertEqual([(f["name"], f["type"]) for f in inputs], [("question", "str"), ("hits", "int")])
        self.assertEqual([(f["name"], f["type"]) for f in outputs], [("answer", "float")])

    def test_is_read_from_an_object(self) -> None:
        inputs, outputs = programs.parse_signature(
            {
                "inputs": ["question", {"name": "hits", "type": "integer", "description": "how many"}],
                "outputs": [{"name": "answer", "type": "string"}],
            }
        )

        self.assertEqual(inputs[1], {"name": "hits", "type": "int", "description": "how many"})
        self.assertEqual((inputs[0]["type"], outputs[0]["type"]), ("str", "str"))

    def test_that_cannot_be_read_says_what_was_expected_and_given(self) -> None:
        for bad, said in (
            ("question", "one arrow"),
            ("a -> b -> c", "got 2"),
            ("-> answer", "a field without a name among the inputs"),
            ("a, -> b", "a field without a name among the inputs"),
            ("a -> ", "a field without a name among the outputs"),
            ("a b -> c", "'a b'"),
            ("1a -> c", "'1a'"),
            ("_a -> c", "'_a'"),
            ("class -> c", "'class'"),
            ("ä -> c", "'ä'"),
            ("a\n-> c; import os -> d", "one arrow"),
            ("a -> a", "two fields are named 'a'"),
            ("a: matrix -> b", "str, int, float, bool, list, dict, got 'matrix'"),
            ("a: -> b", "got ''"),
            (7, "got int"),
            (None, "got NoneType"),
            ({"inputs": ["a"]}, "got 1 and 0"),
            ({"inputs": "a", "outputs": ["b"]}, "are a list, got str"),
            ({"inputs": [7], "outputs": ["b"]}, "got int"),
            ({"inputs": [{"type": "str"}], "outputs": ["b"]}, "without a name"),
            ({"inputs": [{"name": 7}], "outputs": ["b"]}, "is a string, got int"),
            ({"inputs": [{"name": "a", "type": []}], "outputs": ["b"]}, "got []"),
            ({"inputs": [{"name": "a", "description": 1}], "outputs": ["b"]}, "got int"),
            ({"inputs": [{"name": "a", "size": 1}], "outputs": ["b"]}, "'size'"),
            ({"inputs": ["a"], "outputs": ["b"], "more": []}, "'more'"),
        ):
            with self.subTest(bad=bad):
                with self.assertRaises(signatures.InvalidSignature) as raised:
                    programs.parse_signature(bad)  # type: ignore[arg-type]
                self.assertIn(said, str(raised.exception))

    def test_has_limits_that_are_named_with_their_values(self) -> None:
        many = ", ".join(f"f{i}" for i in range(signatures.MAX_FIELDS))
        for bad, said in (
            ("a" * 65 + " -> b", "MAX_FIELD_NAME_CHARS is 64"),
            (f"{many} -> answer", "MAX_FIELDS is 32, and the signature has 33"),
            ("a -> b" + " " * 4_000, "MAX_SIGNATURE_CHARS is 4000, and the signature has 4006"),
            ({"inputs": ["a"] * 40, "outputs": ["b"]}, "MAX_FIELDS is 32, and the list of inputs has 40"),
            (
                {"inputs": [{"name": "a", "description": "d" * 1_001}], "outputs": ["b"]},
                "MAX_DESCRIPTION_CHARS is 1000",
            ),
        ):
            with self.subTest(said=said):
                with self.assertRaises(signatures.LimitExceeded) as raised:
                    programs.parse_signature(bad)  # type: ignore[arg-type]
                self.assertIn(said, str(raised.exception))
                self.assertGreater(raised.exception.given, raised.exception.value)


class AProgram(InASession):
    def test_is_created_run_listed_read_and_deleted(self) -> None:
        created = self.call("create", "qa", "question, context -> answer", instructions="be brief")
        answer = self.call("execute", "qa", {"question": "who?", "context": "it was me"})
        listed = self.call("list_programs")
        read = self.call("get", "qa")
        deleted = self.call("delete", "qa")

        self.assertEqual((created["executions"], created["executed"], created["kind"]), (0, None, "predict"))
        self.assertEqual(list(answer["outputs"]), ["answer"])
        self.assertEqual(listed, [read])
        self.assertEqual(read["executions"], 1)
        self.assertGreaterEqual(read["executed"], created["created"])
        self.assertEqual(deleted, read)
        self.assertEqual(self.call("list_programs"), [])

    def test_that_is_not_there_is_named(self) -> None:
        for name, args in (("get", ()), ("delete", ()), ("execute", ({},))):
            self.assertIn("'none'", self.refused(self.programs.ProgramNotFound, name, "none", *args))

    def test_is_not_created_twice(self) -> None:
        self.call("create", "qa", "a -> b")

        self.assertIn("'qa'", self.refused(self.programs.ProgramExists, "create", "qa", "x -> y"))

    def test_takes_its_inputs_and_no_others(self) -> None:
        self.call("create", "p", {"inputs": ["q", {"name": "n", "type": "int"}], "outputs": ["a"]})

        for inputs, said in (
            ({"q": "x"}, "needs the input 'n'"),
            ({"q": "x", "n": 1, "z": 1}, "no input 'z'; its inputs are q, n"),
            ({"q": "x", "n": "1"}, "is a int, got str"),
            ({"q": "x", "n": True}, "is a int, got bool"),
            ({"q": 7, "n": 1}, "is a str, got int"),
            ([], "got list"),
            ({"q": "x" * 1_000_001, "n": 1}, "MAX_INPUT_CHARS is 1000000"),
        ):
            with self.subTest(said=said):
                self.assertIn(said, self.refused(signatures.ProgramError, "execute", "p", inputs))

    def test_has_an_id_a_kind_and_instructions_within_limits(self) -> None:
        for args, keywords, said in (
            (("", "a -> b"), {}, "not empty"),
            ((7, "a -> b"), {}, "got 7"),
            (("i" * 129, "a -> b"), {}, "MAX_ID_CHARS is 128, and the id has 129"),
            (("i", "a -> b"), {"kind": "agent"}, "predict, chain_of_thought, got 'agent'"),
            (("i", "a -> b"), {"instructions": "x" * 10_001}, "MAX_INSTRUCTIONS_CHARS is 10000"),
            (("i", "a -> b"), {"instructions": 7}, "got int"),
            (("i", "a -> reasoning"), {"kind": "chain_of_thought"}, "of its own"),
        ):
            with self.subTest(said=said):
                self.assertIn(said, self.refused(signatures.ProgramError, "create", *args, **keywords))

    def test_is_one_of_a_limited_number(self) -> None:
        for i in range(self.programs.MAX_PROGRAMS):
            self.call("create", str(i), "a -> b")

        said = self.refused(self.programs.LimitExceeded, "create", "more", "a -> b")

        self.assertEqual(said, "MAX_PROGRAMS is 100, and session 's' has 101")

    def test_needs_a_session(self) -> None:
        with self.assertRaises(self.programs.NoSession):
            self.programs.create(context(None), "qa", "a -> b")


class ASession(InASession):
    def test_counts_what_was_done_in_it(self) -> None:
        self.call("create", "a", "x -> y")
        self.call("create", "b", "x -> y")
        self.call("execute", "a", {"x": "1"})
        self.call("delete", "b")

        stats = self.call("stats")

        counts = {name: stats[name] for name in ("programs", "created", "executed", "deleted", "session")}
        self.assertEqual(counts, {"programs": 1, "created": 2, "executed": 1, "deleted": 1, "session": "s"})
        self.assertEqual((stats["worker"]["id"], stats["worker"]["errors"]), ("test/2", 0))
        self.assertEqual(stats["backend"]["name"], "local")

    def test_is_cleaned_up_and_remembers_its_counts(self) -> None:
        self.call("create", "a", "x -> y")

        self.assertEqual((self.call("cleanup"), self.call("cleanup")), (1, 0))

        stats = self.call("stats")
        self.assertEqual((stats["programs"], stats["created"], stats["deleted"]), (0, 1, 1))

    def test_is_reset_to_nothing(self) -> None:
        self.call("create", "a", "x -> y")

        self.assertEqual(self.call("reset"), 1)

        self.assertEqual(self.state, {})
        self.assertEqual(self.call("stats")["created"], 0)

    def test_leaves_other_keys_alone(self) -> None:
        self.state["mine"] = codec.dumps(1)
        self.call("create", "a", "x -> y")

        self.call("reset")

        self.assertEqual(list(self.state), ["mine"])


class TheLocalPredictor(InASession):
    def test_says_what_it_is_in_each_answer(self) -> None:
        self.call("create", "p", "x -> y")

        backend = self.call("execute", "p", {"x": "1"})["backend"]

        self.assertEqual((backend["name"], backend["deterministic"]), ("local", True))
        self.assertIn("no language model was asked", backend["note"])

    def test_answers_the_same_to_the_same_and_fits_every_type(self) -> None:
        self.call("create", "p", "x -> a: str, b: int, c: float, d: bool, e: list, f: dict")

        first = self.call("execute", "p", {"x": "1"})["outputs"]
        again = self.call("execute", "p", {"x": "1"})["outputs"]
        other = self.call("execute", "p", {"x": "2"})["outputs"]

        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        self.assertEqual([type(first[name]) for name in "abcdef"], [str, int, float, bool, list, dict])

    def test_gives_a_chain_its_reasoning(self) -> None:
        self.call("create", "p", "x -> y", kind="chain_of_thought")

        self.assertEqual(set(self.call("execute", "p", {"x": "1"})["outputs"]), {"y", "reasoning"})

    def test_may_be_repeated_because_it_touches_the_session_only(self) -> None:
        from vivarium_worker.api import effects_of

        for name in ("create", "execute", "list_programs", "get", "delete", "stats", "cleanup", "reset"):
            self.assertEqual(effects_of(getattr(self.programs, name)), "session", name)
        for name in ("configure", "ping", "shutdown"):
            self.assertIsNone(effects_of(getattr(self.programs, name)), name)

    def test_remembers_the_model_that_it_does_not_ask(self) -> None:
        said = self.programs.configure(context(None), "openai/some", {"temperature": 0})

        self.assertEqual((said["model"], said["worker"]), ("openai/some", "test/2"))
        self.assertEqual(self.programs.ping(context(None)), said)
        self.assertEqual(said["backend"]["name"], "local")


class TheLanguageModel(InASession):
    def test_has_limits_and_leaves_the_one_before(self) -> None:
        self.programs.configure(context(None), "before")

        for args, said in (
            (("",), "not empty"),
            ((7,), "got 7"),
            (("m" * 10_001,), "MAX_OPTION_CHARS is 10000"),
            (("m", []), "got list"),
            (("m", {f"o{i}": 1 for i in range(33)}), "MAX_OPTIONS is 32, and the object of options has 33"),
            (("m", {"o": "x" * 10_001}), "MAX_OPTION_CHARS is 10000, and the option 'o' has 10003"),
            (("m", {"not a name": 1}), "'not a name'"),
            (("m", {"o": float("nan")}), "no form in JSON"),
        ):
            with self.subTest(said=said):
                with self.assertRaises(signatures.ProgramError) as raised:
                    self.programs.configure(context(None), *args)
                self.assertIn(said, str(raised.exception))
        self.assertEqual(self.programs.ping(context(None))["model"], "before")


class WithDspy(InASession):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "dspy.py"), "w") as file:
            file.write(textwrap.dedent(FAKE_DSPY))
        sys.path.insert(0, folder.name)
        importlib.invalidate_caches()
        self.addCleanup(importlib.reload, programs)
        self.addCleanup(sys.modules.pop, "dspy", None)
        self.addCleanup(sys.path.remove, folder.name)
        super().setUp()

    def dspy(self) -> Any:
        return importlib.import_module("dspy")

    def test_a_program_is_a_predict_over_its_signature(self) -> None:
        self.programs.configure(context(None), "some/model", {"temperature": 0.5})
        self.call(
            "create",
            "p",
            {"inputs": [{"name": "x", "description": "what is asked"}], "outputs": [{"name": "y", "type": "str"}]},
            instructions="be brief",
        )

        answer = self.call("execute", "p", {"x": "1"})

        self.assertEqual(answer["outputs"], {"y": "some/model says so"})
        self.assertEqual(answer["model"], "some/model")
        backend = {"name": "dspy", "version": "9.9", "deterministic": False, "note": "run with dspy"}
        self.assertEqual(answer["backend"], backend)
        kind, signature, inputs, model = self.dspy().asked[0]
        self.assertEqual((kind, inputs, model.options), ("Predict", {"x": "1"}, {"temperature": 0.5}))
        self.assertEqual((signature.text, signature.instructions), ("x: str -> y: str", "be brief"))
        self.assertEqual(signature.described, {"x": "what is asked"})

    def test_a_chain_of_thought_has_its_reasoning(self) -> None:
        self.programs.configure(context(None), "m")
        self.call("create", "p", "x -> y", kind="chain_of_thought")

        outputs = self.call("execute", "p", {"x": "1"})["outputs"]

        self.assertEqual(outputs, {"y": "m says so", "reasoning": "because"})
        self.assertEqual(self.dspy().asked[0][0], "ChainOfThought")

    def test_an_execution_is_not_repeated_unasked(self) -> None:
        from vivarium_worker.api import effects_of

        self.assertIsNone(effects_of(self.programs.execute))
        self.assertEqual(effects_of(self.programs.create), "session")

    def test_an_execution_needs_a_model(self) -> None:
        self.call("create", "p", "x -> y")

        self.assertIn("programs.configure", self.refused(self.programs.BackendFailed, "execute", "p", {"x": "1"}))

    def test_a_failure_is_typed_and_counted_and_changes_nothing(self) -> None:
        self.programs.configure(context(None), "m")
        self.call("create", "p", "x -> y")

        said = self.refused(self.programs.BackendFailed, "execute", "p", {"x": "fail"})

        self.assertIn("RuntimeError: the model is down", said)
        stats = self.call("stats")
        self.assertEqual((stats["executed"], stats["worker"]["errors"]), (0, 1))

    def test_a_model_that_is_refused_leaves_the_one_before_and_tells_no_secret(self) -> None:
        self.programs.configure(context(None), "before", {"api_key": "right"})

        with self.assertRaises(self.programs.BackendFailed) as raised:
            self.programs.configure(context(None), "after", {"api_key": "wrong"})

        self.assertEqual(str(raised.exception), "dspy refused the language model 'after': PermissionError")
        self.assertEqual(self.programs.ping(context(None))["model"], "before")


if __name__ == "__main__":
    unittest.main()
