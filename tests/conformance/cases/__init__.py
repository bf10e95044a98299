"""The cases by subject: `cases()` of each module returns the cases of one folder of the suite."""

from ..model import Case
from . import archives, damaged, dtypes, gzip, headers, large, names, shapes, spellings

_MODULES = (dtypes, shapes, headers, spellings, archives, names, gzip, damaged, large)


def all_cases() -> dict[str, Case]:
    """Returns all cases by name, in the order of the suite."""
    found: dict[str, Case] = {}
    for module in _MODULES:
        for case in module.cases():
            if case.name in found:
                raise ValueError(f"two cases are called {case.name}")
            found[case.name] = case
    return found
