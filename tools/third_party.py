"""The works of others in a wheel: their licences as a text, and a CycloneDX bill of materials.

A wheel holds compiled code of others, and in every build code of ours that follows libdeflate's design (cc/inflate).
Licences and versions of compiled code come from the sources themselves, in the folder where tools/fetch_codecs.py puts
them. The licence of the design is checked in, because a build with the system's zlib fetches no sources.
"""

import importlib.metadata
import json
import pathlib
import re
import uuid
from typing import NamedTuple

import fetch_codecs

LIBDEFLATE_LICENCE = pathlib.Path(__file__).resolve().parent.parent / "cc" / "inflate" / "LICENSE.libdeflate"

DESIGN = f"""\
The decoder of deflate streams is tf-npz's own code (cc/inflate/deflate_*). It follows the design of libdeflate by
Eric Biggers (https://github.com/ebiggers/libdeflate), whose licence follows.

{LIBDEFLATE_LICENCE.read_text().strip()}
"""


class Component(NamedTuple):
    """A library whose code is compiled into the wheel's own libraries."""

    name: str
    version: str
    spdx: str
    licence: str
    # The distribution with the source, such as "deflate==0.9.0", and its sha256 if it is pinned.
    distribution: str
    sha256: str | None


def codec(downloads: pathlib.Path, distribution: str, folder: str, name: str, spdx: str, licence: str) -> Component:
    """Returns the library in `folder` of a pinned source distribution."""
    ((stem, sha256),) = (
        (stem, sha256) for stem, sha256 in fetch_codecs.pins().items() if stem.startswith(distribution)
    )
    source = downloads / stem / folder
    headers = [header.read_text() for header in sorted(source.glob(f"{name}.h*"))]
    version = re.search(r'VERSION(?:_STRING)?\s+"([\d.]+)"', "".join(headers))
    if version is None:
        raise ValueError(f"{source}/{name}.h does not say its version")
    pinned = "==".join(stem.replace("_", "-").rsplit("-", 1))
    return Component(name, version[1], spdx, (source / licence).read_text(), pinned, sha256)


def pybind11() -> Component:
    distribution = importlib.metadata.distribution("pybind11")
    (licence,) = (path for path in distribution.files or () if path.name == "LICENSE")
    text = pathlib.Path(str(distribution.locate_file(licence))).read_text()
    version = distribution.version
    return Component("pybind11", version, "BSD-3-Clause", text, f"pybind11=={version}", None)


def components(downloads: pathlib.Path | None) -> list[Component]:
    """Returns the compiled code of others in a wheel. `downloads` is None for a build with the system's zlib."""
    if downloads is None:
        return [pybind11()]
    return [
        codec(downloads, "deflate-", "libdeflate", "libdeflate", "MIT", "COPYING"),
        codec(downloads, "zlib_ng-", "src/zlib_ng/zlib-ng", "zlib-ng", "Zlib", "LICENSE.md"),
        pybind11(),
    ]


def notices(found: list[Component]) -> str:
    """Returns the text of THIRD_PARTY_NOTICES."""
    parts = [
        "The libraries of this package hold compiled code of the projects below.\n"
        "A part of the package's own code follows the design of libdeflate; that is the last section.\n"
    ]
    for component in found:
        title = f"{component.name} {component.version} ({component.spdx})"
        parts.append(section(title, component.licence.strip() + "\n"))
    parts.append(section("The design of libdeflate (MIT)", DESIGN))
    return "\n".join(parts)


def section(title: str, text: str) -> str:
    line = "-" * len(title)
    return f"{line}\n{title}\n{line}\n\n{text}"


def bill_of_materials(found: list[Component], name: str, version: str) -> str:
    """Returns the same as CycloneDX JSON, for the package `name`. The result depends only on the arguments."""
    package = f"pkg:pypi/{name}@{version}"
    listed = []
    for component in found:
        source: dict[str, object] = {
            "type": "source-distribution",
            "url": "pkg:pypi/" + component.distribution.replace("==", "@"),
        }
        if component.sha256:
            source["hashes"] = [{"alg": "SHA-256", "content": component.sha256}]
        listed.append(
            {
                "type": "library",
                "bom-ref": component.name,
                "name": component.name,
                "version": component.version,
                "licenses": [{"license": {"id": component.spdx}}],
                "purl": f"pkg:generic/{component.name}@{component.version}",
                "externalReferences": [source],
            }
        )
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "library", "bom-ref": package, "name": name, "version": version, "purl": package}
        },
        "components": listed,
        "dependencies": [{"ref": package, "dependsOn": [component.name for component in found]}],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document))
    return json.dumps({"serialNumber": f"urn:uuid:{serial}", **document}, indent=2) + "\n"


def write(metadata: pathlib.Path, downloads: pathlib.Path | None, name: str, version: str) -> None:
    """Writes both into the metadata folder of a wheel, at the places of PEP 639 and PEP 770."""
    found = components(downloads)
    for folder, file, text in (
        ("licenses", "THIRD_PARTY_NOTICES", notices(found)),
        ("sboms", f"{name}.cdx.json", bill_of_materials(found, name, version)),
    ):
        (metadata / folder).mkdir(exist_ok=True)
        (metadata / folder / file).write_text(text, encoding="utf-8")
