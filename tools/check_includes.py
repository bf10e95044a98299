"""Holds every include of cc/ against the table of layers in cc/CMakeLists.txt.

A file may include the headers of its own layer and of the layers that the table allows. An include of ours is spelled
by its path from the project's root, "cc/<layer>/<file>.h", and the file must exist. Prints each include that breaks a
rule, and exits with 1 if there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main() -> int:
    table = re.findall(
        r"^tf_npz_layer\((\w+)(?: MAY_INCLUDE ([\w ]+))?\)", (ROOT / "cc/CMakeLists.txt").read_text(), re.M
    )
    allowed = {layer: {layer, *lower.split()} for layer, lower in table}
    lower = set(allowed)  # the two faces may include every layer below
    allowed["tf"] = lower | {"tf"}
    allowed["py"] = lower | {"py"}
    faults = []
    for source in sorted((ROOT / "cc").rglob("*.*")):
        if source.suffix not in (".h", ".cc"):
            continue
        layer = source.relative_to(ROOT / "cc").parts[0]
        for number, line in enumerate(source.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if include is None or (layer == "tf" and include[1].startswith(("tensorflow/", "absl/"))):
                continue
            path = pathlib.PurePosixPath(include[1])
            where = f"{source.relative_to(ROOT)}:{number}: {include[1]}"
            if path.parts[0] != "cc" or not (ROOT / path).is_file():
                faults.append(f'{where}: no such file; spell it "cc/<layer>/<file>.h"')
            elif path.parts[1] not in allowed[layer]:
                faults.append(f"{where}: {layer} may include {', '.join(sorted(allowed[layer]))}")
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
