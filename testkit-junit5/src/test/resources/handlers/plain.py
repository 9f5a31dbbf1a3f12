"""A handler of a user's own that keeps no record."""


def plain() -> int:
    return 7
