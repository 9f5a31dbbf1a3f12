"""What holds for workers holds for those that were forked off a template: the guardian's tests once more."""

from __future__ import annotations

import unittest
from typing import Any

from . import test_guardian, test_memory


class Off:
    """A mixin: workers are forked off a template."""

    TEMPLATE = test_guardian.template()
    jvm: test_guardian.FakeJvm

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        template: Any = self.jvm.template
        if template["state"] != "ready":
            raise AssertionError(template)


class Reaping(Off, test_guardian.Reaping):
    pass


class CountingOutOfMemoryKills(Off, test_guardian.CountingOutOfMemoryKills):
    pass


class Refusing(Off, test_guardian.Refusing):
    pass


class Leaving(Off, test_guardian.Leaving):
    pass


class AWorker(Off, test_memory.AWorker):
    pass


class AWorkerAtAThreshold(Off, test_memory.AWorkerAtAThreshold):
    pass


if __name__ == "__main__":
    unittest.main()
