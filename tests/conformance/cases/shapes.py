"""Shapes and orders: no dimensions, empty ones, many, Fortran order, and impossible shapes."""

from collections.abc import Iterator

import numpy as np

from ..model import DAMAGED, Case, InSomeVersions, Refusal
from ..writers import filled, npy, npy_header, npy_of

SHAPE = 'format 1.0, "shape"'
ORDER = 'format 1.0, "fortran_order"'

SHAPES = [(), (1,), (5,), (0,), (2, 3), (0, 3), (3, 0), (1, 1, 1), (2, 3, 4), (2, 0, 3), (1, 5, 1), (2, 2, 2, 2, 2)]
RANKS = [8, 9, 16, 32, 33, 63, 64]
NEGATIVE_READ = InSomeVersions("NumPy before 2.3 takes it as all that is there")
FORTRAN = [(), (4,), (1, 4), (4, 1), (3, 4), (2, 3, 4), (3, 0, 2), (2, 1, 3, 1), (2, 3, 2, 3, 2), (33, 65), (257, 3, 5)]


def cases() -> Iterator[Case]:
    for shape in SHAPES:
        yield of_array(f"c_{text(shape)}", f"shape {shape}", filled("<f4", shape))
    for shape in FORTRAN:
        array = filled("<i4", shape)
        yield of_array(f"fortran_{text(shape)}", f"Fortran order: shape {shape}", array, "F")
    for code in ["u1", ">i2", "<f8", "<c16", "V3"]:
        dtype = np.dtype(code)
        shows = f"Fortran order of items of {dtype.itemsize} bytes"
        yield of_array(f"fortran_{dtype.name}", shows, filled(code, (7, 5, 3)), "F")
    for rank in RANKS:
        array = filled("<i2", (1,) * (rank - 2) + (2, 3))
        yield of_array(f"rank_{rank}", f"{rank} dimensions", array)
        yield of_array(f"fortran_rank_{rank}", f"{rank} dimensions in Fortran order", array, "F")
    for name, shows, shape in [
        ("rank_65", "65 dimensions; NumPy has 64 at most", (1,) * 65),
        ("rank_65_empty", "65 dimensions, one of them 0", (0,) * 65),
        ("negative", "a negative dimension", (-1,)),
        ("negative_second", "a negative dimension behind another", (2, -1)),
        ("negative_twice", "two negative dimensions, whose product is what is there", (-2, -3)),
        ("negative_beside_0", "a negative dimension beside 0", (0, -1)),
        ("int64_max", "2**63 - 1 items", ((1 << 63) - 1,)),
        ("int64_overflow", "a dimension of 2**63", (1 << 63,)),
        ("uint64_overflow", "a dimension of 2**64 + 6, which is 6 in 64 bits", ((1 << 64) + 6,)),
        ("huge", "2**40 items in a file of 152 bytes", (1 << 40,)),
        ("product_overflows", "dimensions whose product is 2**64, so 0 in 64 bits", (1 << 32, 1 << 32)),
        ("product_wraps", "dimensions whose product is 6 in 64 bits", (3, (1 << 63) + 2)),
        ("bytes_overflow", "2**62 items of 4 bytes: 0 bytes in 64 bits", (1 << 62,)),
        ("product_overflows_before_0", "2**32 x 2**32 x 0: no items, but no array either", (1 << 32, 1 << 32, 0)),
        ("product_overflows_behind_0", "0 x 2**32 x 2**32", (0, 1 << 32, 1 << 32)),
        ("one_too_many", "one item more than there is", (7,)),
        ("one_row_too_many", "one row more than there is, in two dimensions", (4, 2)),
    ]:
        contents = npy(npy_header("<f4", shape), filled("u1", (24,)).tobytes())
        numpy = NEGATIVE_READ if name in ("negative", "negative_second") else ""
        yield Case(f"shapes/{name}.npy", f"refused: {shows}", SHAPE, contents, {None: Refusal(DAMAGED)}, numpy)
    wide = np.zeros((0, 1 << 40), "<f4")
    yield of_array("empty_and_huge", "0 x 2**40: no items, and its other dimensions fit", wide)
    # NumPy gives the array the shape of the header, if that has the number of items of all sub-arrays.
    for name, shows, descr, shape, kept in [
        ("subarray_of_1", "descr ('<f4', (1,)): a sub-array of one item is an item", ("<f4", (1,)), (3,), True),
        ("subarray_none", "descr ('<f4', ()): a sub-array of no dimensions is an item", ("<f4", ()), (3,), True),
        ("subarray_of_2", "descr ('<f4', (2,)): twice the items that the shape has", ("<f4", (2,)), (3,), False),
        ("subarray_by_name", "descr '(2,)f4': the same as a string", "(2,)f4", (3,), False),
        ("subarray_no_items", "descr ('<f4', (2,)) of no items", ("<f4", (2,)), (0,), True),
    ]:
        array = filled("<f4", shape)
        contents = npy(npy_header(descr, shape), filled("<f4", (6,)).tobytes() if not kept else array.tobytes())
        expected = array if kept else Refusal(DAMAGED)
        yield Case(f"shapes/{name}.npy", shows, SHAPE, contents, {None: expected})


def of_array(name: str, shows: str, array: np.ndarray, order: str = "C") -> Case:
    section = ORDER if order == "F" else SHAPE
    return Case(f"shapes/{name}.npy", shows, section, npy_of(array, order=order), {None: array})


def text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "0d"
