"""What type checkers accept also runs, and what they refuse raises. `make lint` has them check tests/typing/uses.py."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PATH = Path(__file__).parents[1] / "typing" / "uses.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("uses", PATH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


uses = loaded()
WRONG = list(uses.wrong_uses())


@pytest.fixture
def files(folder: Path) -> None:
    """Writes the files that the uses read."""
    for name in ("train", "clips"):
        Path(name).mkdir()
    for i in range(2):
        np.savez(f"train/{i}.npz", x=np.zeros((6, 4), np.float32), y=np.arange(6))
        np.save(f"clips/{i}.npy", np.zeros((3 + 2 * i, 2), np.float32))
    np.savez(
        "run.npz",
        events=np.zeros(3, [("t", "f8"), ("id", "u4")]),
        text=np.array(["a", "bc", ""]),
        day=np.array(["2026-11-28"] * 3, "datetime64[D]"),
    )


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("use", uses.USES, ids=[use.__name__ for use in uses.USES])
def test_typical_uses_run(use: Callable[[], None]) -> None:
    use()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_uses_raise(number: int) -> None:
    with pytest.raises((TypeError, ValueError)):
        WRONG[number]()
