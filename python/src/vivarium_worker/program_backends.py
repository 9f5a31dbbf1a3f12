"""What programs are run with: DSPy, or a predictor that asks no model."""

from __future__ import annotations

import json
import zlib
from typing import Any, Dict

from .program_signatures import CHAIN_OF_THOUGHT, PREDICT, REASONING, BackendFailed, Json, quoted


class Local:
    """Answers from the inputs alone: the same inputs, the same answer. No model is asked."""

    name = "local"
    version = "1"
    deterministic = True
    note = "no language model was asked: dspy cannot be imported, and the outputs are made from the inputs alone"

    def configure(self, model: str, options: Json) -> Any:
        return None

    def execute(self, program: Json, inputs: Json, language_model: Any) -> Json:
        text = json.dumps(inputs, ensure_ascii=False, sort_keys=True)
        outputs: Json = {}
        if program["kind"] == CHAIN_OF_THOUGHT:
            outputs[REASONING] = "[local] " + "; ".join(f"{name} is given" for name in sorted(inputs))
        for field in program["outputs"]:
            number = zlib.crc32(f"{field['name']}:{text}".encode("utf-8", "surrogatepass"))
            outputs[field["name"]] = self._value(field, number, inputs)
        return outputs

    @staticmethod
    def _value(field: Dict[str, str], number: int, inputs: Json) -> Any:
        said = f"[local] {field['name']} of " + ", ".join(f"{name}={quoted(inputs[name])}" for name in sorted(inputs))
        return {
            "str": said,
            "int": number % 1000,
            "float": number % 1000 / 1000.0,
            "bool": bool(number % 2),
            "list": [said],
            "dict": {"said": said},
        }[field["type"]]


class Dspy:
    """Runs programs as ``dspy.Predict`` and ``dspy.ChainOfThought``."""

    name = "dspy"
    deterministic = False
    note = "run with dspy"

    def __init__(self, module: Any) -> None:
        self._dspy = module
        self.version = str(getattr(module, "__version__", "unknown"))

    def configure(self, model: str, options: Json) -> Any:
        try:
            return self._dspy.LM(model, **options)
        except Exception as error:
            raise BackendFailed(f"dspy refused the language model {quoted(model)}: {type(error).__name__}") from error

    def execute(self, program: Json, inputs: Json, language_model: Any) -> Json:
        if language_model is None:
            raise BackendFailed("no language model is set: the pool needs programs.configure before programs are run")
        dspy = self._dspy
        try:
            module = dspy.Predict if program["kind"] == PREDICT else dspy.ChainOfThought
            predictor = module(self._signature(program))
            # Not dspy.configure: that belongs to one thread, and to whoever else uses dspy in this worker.
            with dspy.context(lm=language_model):
                prediction = predictor(**inputs)
            names = [field["name"] for field in program["outputs"]]
            outputs = {name: getattr(prediction, name) for name in names}
            if program["kind"] == CHAIN_OF_THOUGHT:
                outputs[REASONING] = getattr(prediction, REASONING, None)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise BackendFailed(f"dspy failed to run program '{program['id']}': {reason}") from error
        return outputs

    def _signature(self, program: Json) -> Any:
        sides = [
            ", ".join(f"{field['name']}: {field['type']}" for field in program[side]) for side in ("inputs", "outputs")
        ]
        signature = self._dspy.Signature(" -> ".join(sides), program["instructions"] or None)
        for field in program["inputs"] + program["outputs"]:
            if field["description"]:
                signature = signature.with_updated_fields(field["name"], desc=field["description"])
        return signature
