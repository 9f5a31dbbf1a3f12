"""A handler of a user's own that takes part in the record."""

from vivarium_testkit import recorded


@recorded
def twice(value: int) -> int:
    return 2 * value
