"""The .npy header: versions, and spellings of a Python dict that NumPy's reader accepts or refuses."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..model import DAMAGED, TOO_LARGE, Case, InSomeVersions, Refusal
from ..writers import filled, npy, npy_of

ARRAY = filled("<f4", (3, 2))
DATA = ARRAY.tobytes()
PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"
LITERAL = "format 1.0, a literal expression of a dict"


def cases() -> Iterator[Case]:
    yield from versions()
    yield from lengths()
    yield from spelled("keys", KEYS)
    yield from spelled("text", TEXT)
    yield from spelled("numbers", NUMBERS)
    yield from spelled("python2", PYTHON2)
    yield from spelled("values", VALUES)


def case(name: str, shows: str, section: str, contents: bytes, expected: Any = ARRAY, numpy: str = "") -> Case:
    return Case(f"headers/{name}.npy", shows, section, contents, {None: expected}, numpy)


# --- Versions and lengths --------------------------------------------------------------------------------------------


def versions() -> Iterator[Case]:
    for major in (1, 2, 3):
        section = f"format {major}.0"
        yield case(f"version_{major}.0", f"version {major}.0", section, npy(PLAIN, DATA, version=(major, 0)))
        fortran = npy_of(ARRAY, order="F", version=(major, 0))
        yield case(f"version_{major}.0_fortran", f"version {major}.0 in Fortran order", section, fortran)
        big = ARRAY.astype(">f4")
        contents = npy_of(big, version=(major, 0))
        yield case(f"version_{major}.0_big-endian", f"version {major}.0, big-endian elements", section, contents, big)
    for version in [(0, 0), (0, 9), (1, 1), (1, 255), (2, 1), (3, 1), (4, 0), (255, 255)]:
        name = "{}.{}".format(*version)
        for wide in (False, True):
            contents = bytearray(npy(PLAIN, DATA, version=(2 if wide else 1, 0)))
            contents[6:8] = bytes(version)
            shows = f"version {name}, which there is not, over a header of version {1 + wide}.0"
            refusal = Refusal(DAMAGED)
            yield case(
                f"version_{name}_over_{1 + wide}.0", shows, "format 1.0, bytes 7 and 8", bytes(contents), refusal
            )
    text = npy(PLAIN.replace("}", "} # é"), DATA)
    yield case("latin1_comment", "version 1.0 is Latin-1: a byte that is no UTF-8", "format 1.0", text)
    broken = npy(PLAIN.encode() + b" # \xe9", DATA, version=(3, 0))
    yield case("utf8_broken", "version 3.0 is UTF-8: a byte that is none", "format 3.0", broken, Refusal(DAMAGED))
    text = npy(PLAIN + " # é ß 𝄞", DATA, version=(3, 0))
    yield case("utf8_comment", "version 3.0: a comment beyond Latin-1", "format 3.0", text)
    mark = npy("\ufeff" + PLAIN, DATA, version=(3, 0))
    yield case("utf8_byte_order_mark", "version 3.0 behind a byte order mark", "format 3.0", mark, Refusal(DAMAGED))


def lengths() -> Iterator[Case]:
    section = "format 1.0, HEADER_LEN and padding"
    for align in [1, 2, 16, 32, 4096]:
        shows = f"data at a multiple of {align}" if align > 1 else "no padding: data begins at any byte"
        yield case(f"align_{align}", shows, section, npy(PLAIN, DATA, align=align))
    for size in [127, 128, 255, 256, 257, 511, 32767, 32768, 65535]:
        contents = npy(PLAIN + " " * (size - len(PLAIN)), DATA, align=1, newline=False)
        yield case(f"length_{size}", f"version 1.0 with a header of {size} bytes", section, contents)
    for size in [65535, 65536, 100_000, 1_000_000]:
        contents = npy(PLAIN + " " * (size - len(PLAIN)), DATA, version=(2, 0), align=1, newline=False)
        yield case(f"length_{size}_2.0", f"version 2.0 with a header of {size} bytes", "format 2.0", contents)
    contents = npy(PLAIN + " " * (1 << 20), DATA, version=(2, 0))
    numpy = "np.load is given no limit here; its own is 10,000 bytes"
    shows = "version 2.0 with a header of over 1 MiB"
    yield case("length_over_1_mib", shows, "format 2.0", contents, Refusal(TOO_LARGE), numpy)
    yield case("no_newline", "no newline behind the header", section, npy(PLAIN, DATA, newline=False))
    yield case("no_padding_no_newline", "nothing behind the dict", section, npy(PLAIN, DATA, align=1, newline=False))
    yield case("newlines_as_padding", "padding of newlines", section, npy(PLAIN + "\n" * 40, DATA))
    yield case("tabs_as_padding", "padding of tabs", section, npy(PLAIN + "\t" * 40, DATA))
    numpy = InSomeVersions("Python 3.12 and newer have another tokenizer, and refuse it")
    for major in (1, 2):
        contents = npy(PLAIN + "\n", DATA, version=(major, 0), newline=False)
        shows = f"version {major}.0: a newline, and padding of spaces behind it"
        yield case(f"newline_before_padding_{major}.0", shows, section, contents, ARRAY, numpy)
    contents = npy(PLAIN + "\n", DATA, version=(3, 0), newline=False)
    shows = "version 3.0: a newline, and padding of spaces behind it, which is an indented line"
    yield case("newline_before_padding_3.0", shows, section, contents, Refusal(DAMAGED))
    refusals = [
        ("nul_padding", "padding of NULs", npy(PLAIN + "\0" * 40, DATA)),
        ("length_0", "HEADER_LEN is 0", npy("", DATA, align=1, newline=False)),
        ("length_short", "HEADER_LEN ends within the dict", npy(PLAIN, DATA, header_length=40)),
        ("length_into_data", "HEADER_LEN reaches into the data", npy(PLAIN, b"\0" * 24, header_length=130)),
        ("length_past_end", "HEADER_LEN reaches past the file's end", npy(PLAIN, DATA, header_length=60_000)),
        ("blank", "a header of spaces", npy(" " * 60, DATA)),
    ]
    for name, shows, contents in refusals:
        yield case(name, shows, section, contents, Refusal(DAMAGED))
    contents = npy(PLAIN, DATA, version=(2, 0), header_length=0xFFFFFFFF)
    shows = "version 2.0: HEADER_LEN of 4 GiB in a small file"
    yield case("length_4_gib", shows, "format 2.0", contents, Refusal(TOO_LARGE))
    yield case(
        "trailing_bytes", "bytes behind the data, which nobody reads", "format 1.0", npy(PLAIN, DATA + b"and more")
    )


# --- The dict --------------------------------------------------------------------------------------------------------

# What it shows; the header; True if it is read as ARRAY, False if it is refused, or the expected array.
Spellings = dict[str, tuple[str, str, bool | np.ndarray]]


def spelled(group: str, spellings: Spellings, section: str = LITERAL) -> Iterator[Case]:
    for name, (shows, header, reads) in spellings.items():
        version = (3, 0) if name.endswith("_3.0") else (2, 0) if name.endswith("_2.0") else (1, 0)
        contents = npy(header, DATA, version=version)
        expected = (ARRAY if reads else Refusal(DAMAGED)) if isinstance(reads, bool) else reads
        yield case(f"{group}_{name}", shows, section, contents, expected)


D, F, S = "'descr': '<f4'", "'fortran_order': False", "'shape': (3, 2)"

KEYS: Spellings = {
    "shape_first": ("keys in another order", f"{{{S}, {F}, {D}}}", True),
    "descr_last": ("keys in another order", f"{{{F}, {S}, {D}}}", True),
    "double_quotes": ("double quotes", '{"descr": "<f4", "fortran_order": False, "shape": (3, 2)}', True),
    "triple_quotes": ("triple quotes", f"{{'''descr''': '''<f4''', {F}, \"\"\"shape\"\"\": (3, 2)}}", True),
    "mixed_quotes": ("quotes of both kinds", f"{{\"descr\": '<f4', {F}, 'shape': (3, 2)}}", True),
    "unicode_prefix": ("strings with the prefix u, of Python 2", f"{{u'descr': u'<f4', {F}, {S}}}", True),
    "raw_prefix": ("strings with the prefix r", f"{{r'descr': R'<f4', {F}, {S}}}", True),
    "bytes_prefix": ("strings with the prefix b are bytes", f"{{b'descr': b'<f4', {F}, {S}}}", False),
    "bytes_descr": ("descr as bytes", f"{{'descr': b'<f4', {F}, {S}}}", False),
    "format_prefix": ("strings with the prefix f are expressions", f"{{'descr': f'<f4', {F}, {S}}}", False),
    "escapes": (
        "escapes: hexadecimal, octal, by name, by code point",
        f"{{'\\x64escr': '\\74f\\u0034', {F}, {S}}}",
        True,
    ),
    "escape_newline": (
        "a backslash and a newline within a string are nothing",
        f"{{'de\\\nscr': '<f4', {F}, {S}}}",
        True,
    ),
    "escape_cut_off": ("an escape that is cut off", f"{{'descr\\x6': '<f4', {F}, {S}}}", False),
    "concatenated": ("strings side by side are one", f"{{'de' 'scr': '<' \"f4\", {F}, {S}}}", True),
    "added": ("strings are not added", f"{{'de' + 'scr': '<f4', {F}, {S}}}", False),
    "duplicate": ("of a key that stands twice the last counts", f"{{'descr': '<i8', {D}, {F}, {S}}}", True),
    "duplicate_bad_first": ("also where the first value is none", f"{{'shape': 'none', {D}, {F}, {S}}}", True),
    "duplicate_bad_last": ("and where the last value is none", f"{{{D}, {F}, {S}, 'shape': [3, 2]}}", False),
    "extra": ("a key more", f"{{{D}, {F}, {S}, 'units': 'm'}}", False),
    "extra_number": ("a key that is a number", f"{{{D}, {F}, {S}, 1: 2}}", False),
    "missing_descr": ("no descr", f"{{{F}, {S}}}", False),
    "missing_fortran_order": ("no fortran_order", f"{{{D}, {S}}}", False),
    "missing_shape": ("no shape", f"{{{D}, {F}}}", False),
    "none": ("an empty dict", "{}", False),
    "upper_case": ("keys in upper case", PLAIN.upper(), False),
    "dict_call": ("a call, dict(...), is no literal", f"dict(descr='<f4', {F[1:14]}=False, shape=(3, 2))", False),
    "not_a_dict": ("a tuple of the values", "('<f4', False, (3, 2))", False),
    "list_of_pairs": ("a list of pairs", "[('descr', '<f4'), ('fortran_order', False), ('shape', (3, 2))]", False),
    "json": ("JSON", '{"descr": "<f4", "fortran_order": false, "shape": [3, 2]}', False),
}

TEXT: Spellings = {
    "no_spaces": ("no spaces", "{'descr':'<f4','fortran_order':False,'shape':(3,2)}", True),
    "many_spaces": (
        "spaces everywhere",
        "  {  'descr' :  '<f4' , 'fortran_order' : False , 'shape' : ( 3 , 2 , ) , }  ",
        True,
    ),
    "tabs": ("tabs", "\t{\t'descr'\t:\t'<f4',\t'fortran_order':\tFalse,\t'shape':\t(3,\t2)\t}\t", True),
    "form_feeds": ("form feeds", "{\f'descr': '<f4',\f'fortran_order': False, 'shape': (3, 2)}\f", True),
    "lines": ("several lines", f"{{\n  {D},\n  {F},\n  {S},\n}}", True),
    "lines_crlf": ("lines that end in CR LF", f"{{\r\n  {D},\r\n  {F},\r\n  {S},\r\n}}\r\n", True),
    "lines_cr": ("lines that end in CR", f"{{\r  {D},\r  {F},\r  {S},\r}}\r", True),
    "lines_before": ("empty lines before the dict", f"\n\n{PLAIN}", True),
    "lines_and_spaces_before": ("spaces, a line, spaces, the dict: an indented line", f" \n {PLAIN}", False),
    "no_trailing_comma": ("no comma behind the last value", f"{{{D}, {F}, {S}}}", True),
    "two_trailing_commas": ("two commas behind the last value", f"{{{D}, {F}, {S},,}}", False),
    "leading_comma": ("a comma before the first value", f"{{, {D}, {F}, {S}}}", False),
    "no_comma": ("no comma between values", f"{{{D} {F}, {S}}}", False),
    "no_colon": ("no colon", f"{{'descr' '<f4', {F}, {S}}}", False),
    "comment": ("a comment behind the dict", f"{PLAIN} # made by hand", True),
    "comment_within": ("comments within the dict", f"{{ # a dict\n{D}, # single\n{F}, {S}}}", True),
    "comment_before": ("a comment before the dict", f"# made by hand\n{PLAIN}", True),
    "comment_with_brackets": ("a comment with brackets and quotes", f"{PLAIN} # }} ' \" ) {{", True),
    "comment_hides_end": ("a comment that hides the closing brace", f"{{{D}, {F}, {S} # }}", False),
    "parentheses": ("the dict in parentheses", f"({PLAIN})", True),
    "parentheses_within": (
        "values in parentheses",
        "{('descr'): (('<f4')), 'fortran_order': (False), 'shape': ((3, (2)))}",
        True,
    ),
    "continued_line": ("a line that is continued by a backslash", f"{{{D}, \\\n {F}, {S}}}", True),
    "garbage_behind": ("letters behind the dict", f"{PLAIN} x", False),
    "second_dict": ("a dict behind the dict", f"{PLAIN} {PLAIN}", False),
    "comma_behind": ("a comma behind the dict makes it a tuple", f"{PLAIN},", False),
    "semicolon_behind": ("a semicolon behind the dict", f"{PLAIN};", False),
    "unclosed": ("no closing brace", PLAIN[:-1], False),
    "unclosed_shape": ("no closing parenthesis", PLAIN.replace("2)", "2"), False),
    "wrong_bracket": ("a bracket that closes a parenthesis", PLAIN.replace("2)", "2]"), False),
    "unclosed_string": ("no closing quote", f"{{{D}, {F}, 'shape: (3, 2)}}", False),
    "string_over_lines": ("a newline within a string of single quotes", f"{{'descr': '<\nf4', {F}, {S}}}", False),
    "nul": ("a NUL within the dict", PLAIN.replace(", ", ",\0", 1), False),
    "nul_in_string": ("a NUL within a string", PLAIN.replace("<f4", "<f4\0"), False),
    "control": ("a control character", PLAIN.replace(", ", ",\x01", 1), False),
    "no_break_space": ("a no-break space of Latin-1", PLAIN.replace(", ", ",\xa0", 1), False),
    "nested_1000": ("1000 parentheses", "(" * 1000 + PLAIN + ")" * 1000, False),
    "nested_50": ("50 parentheses", "(" * 50 + PLAIN + ")" * 50, True),
    "lists_50000": ("50,000 brackets", "[" * 50_000, False),
}

NUMBERS: Spellings = {
    "hexadecimal": ("hexadecimal numbers", PLAIN.replace("3, 2", "0x3, 0X2"), True),
    "octal": ("octal numbers", PLAIN.replace("3, 2", "0o3, 0O2"), True),
    "binary": ("binary numbers", PLAIN.replace("3, 2", "0b11, 0B10"), True),
    "underscores": ("underscores in numbers", PLAIN.replace("3, 2", "0b1_1, 0x_2"), True),
    "underscore_twice": ("two underscores in a row", PLAIN.replace("3, 2", "0b1__1, 2"), False),
    "underscore_behind": ("an underscore behind a number", PLAIN.replace("3, 2", "3_, 2"), False),
    "plus": ("numbers with a plus", PLAIN.replace("3, 2", "+3, + 2"), True),
    "minus": ("a negative number", PLAIN.replace("3, 2", "-3, -2"), False),
    "minus_twice": ("two minus signs", PLAIN.replace("3, 2", "--3, 2"), False),
    "minus_0": ("minus 0 is 0: no items", PLAIN.replace("3, 2", "-0, 2"), ARRAY[:0]),
    "leading_zero": ("a leading zero, octal in Python 2", PLAIN.replace("3, 2", "03, 2"), False),
    "expression": ("a sum is not worked out", PLAIN.replace("3, 2", "1+2, 2"), False),
    "power": ("a power is not worked out", PLAIN.replace("3, 2", "3, 2**1"), False),
    "float": ("a dimension of 3.0", PLAIN.replace("3, 2", "3.0, 2"), False),
    "exponent": ("a dimension of 3e0", PLAIN.replace("3, 2", "3e0, 2"), False),
    "complex": ("a dimension of 3+0j", PLAIN.replace("3, 2", "3+0j, 2"), False),
    "bool": ("True as a dimension", PLAIN.replace("3, 2", "3, 2, True"), False),
    "bool_false": ("False as a dimension", PLAIN.replace("3, 2", "False,"), False),
    "string": ("a dimension as a string", PLAIN.replace("3, 2", "'3', 2"), False),
    "none": ("None as a dimension", PLAIN.replace("3, 2", "3, None"), False),
    "digits_of_another_script": ("digits that are no ASCII", PLAIN.replace("3", "\xb3"), False),
    "hexadecimal_empty": ("0x without digits", PLAIN.replace("3, 2", "0x, 2"), False),
    "many_digits": ("a dimension of 5000 digits, more than Python takes", PLAIN.replace("3, 2", "9" * 5000), False),
    "many_zeros": ("00 is 0: no items", PLAIN.replace("3, 2", "0_0, 2"), ARRAY[:0]),
}

PYTHON2: Spellings = {
    "long": ("numbers with the suffix L, of Python 2", PLAIN.replace("3, 2", "3L, 2L"), True),
    "long_2.0": ("the suffix L in a header 2.0", PLAIN.replace("3, 2", "3L, 2L"), True),
    "long_3.0": ("the suffix L in a header 3.0, which Python 2 never wrote", PLAIN.replace("3, 2", "3L, 2L"), False),
    "long_hexadecimal": ("the suffix L behind a hexadecimal number", PLAIN.replace("3, 2", "0x3L, 2L"), True),
    "long_lower_case": ("a suffix l", PLAIN.replace("3, 2", "3l, 2l"), False),
    "long_twice": ("a suffix LL", PLAIN.replace("3, 2", "3LL, 2"), False),
    "long_apart": ("a suffix L behind a space", PLAIN.replace("3, 2", "3 L, 2"), True),
    "long_in_subarray": ("the suffix L in a sub-array's shape", PLAIN.replace("'<f4'", "('<f4', (1L,))"), True),
}

VALUES: Spellings = {
    "shape_list": ("shape as a list", PLAIN.replace("(3, 2)", "[3, 2]"), False),
    "shape_number": ("shape as a number", PLAIN.replace("(3, 2)", "6"), False),
    "shape_in_parentheses": ("(6) is a number, no tuple", PLAIN.replace("(3, 2)", "(6)"), False),
    "shape_string": ("shape as a string", PLAIN.replace("(3, 2)", "'(3, 2)'"), False),
    "shape_none": ("shape None", PLAIN.replace("(3, 2)", "None"), False),
    "shape_nested": ("shape of tuples", PLAIN.replace("(3, 2)", "((3,), (2,))"), False),
    "shape_no_parentheses": ("shape without parentheses", PLAIN.replace("(3, 2)", "3, 2"), False),
    "fortran_order_0": ("fortran_order 0", PLAIN.replace("False", "0"), False),
    "fortran_order_none": ("fortran_order None", PLAIN.replace("False", "None"), False),
    "fortran_order_string": ("fortran_order as a string", PLAIN.replace("False", "'False'"), False),
    "fortran_order_lower_case": ("fortran_order false", PLAIN.replace("False", "false"), False),
    "fortran_order_not": ("fortran_order not True", PLAIN.replace("False", "not True"), False),
    "descr_number": ("descr as a number", PLAIN.replace("'<f4'", "4"), False),
    "descr_none": ("descr None, which np.dtype itself would take", PLAIN.replace("'<f4'", "None"), False),
    "descr_empty": ("an empty descr", PLAIN.replace("<f4", ""), False),
    "descr_dict": (
        "descr as a dict, which np.dtype itself would take",
        PLAIN.replace("'<f4'", "{'names': ['a'], 'formats': ['<f4']}"),
        False,
    ),
    "descr_tuple_of_1": ("descr as a tuple of one", PLAIN.replace("'<f4'", "('<f4',)"), False),
}
