"""A census of Python source files: how many functions, classes and branches each has.

As a script it prints the source files of the standard library, one a line:

    python3 examples/python/stdlib_census.py
"""

from __future__ import annotations

import ast
import os
import sysconfig
from typing import Any, Dict, List

_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.comprehension, ast.BoolOp)


def census(path: str) -> Dict[str, Any]:
    """Parse one file and count what it defines and how often it branches."""
    with open(path, "rb") as file:
        source = file.read()
    result: Dict[str, Any] = {"file": os.path.relpath(path, _stdlib()), "bytes": len(source)}
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        # Some test data of the standard library is meant to be broken.
        result["error"] = type(error).__name__
        return result
    functions = classes = branches = nodes = 0
    for node in ast.walk(tree):
        nodes += 1
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            functions += 1
        elif isinstance(node, ast.ClassDef):
            classes += 1
        elif isinstance(node, _BRANCHES):
            branches += 1
    result.update(functions=functions, classes=classes, branches=branches, nodes=nodes)
    return result


def _stdlib() -> str:
    return sysconfig.get_path("stdlib")


def _source_files() -> List[str]:
    found = []
    for folder, folders, files in os.walk(_stdlib()):
        folders[:] = sorted(f for f in folders if f not in ("site-packages", "dist-packages", "__pycache__"))
        found.extend(os.path.join(folder, name) for name in sorted(files) if name.endswith(".py"))
    return found


if __name__ == "__main__":
    print("\n".join(_source_files()))
