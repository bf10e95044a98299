"""tools/third_party.py: the notices of the wheels of every build."""

import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOWNLOADS = ROOT / "build" / "downloads"
LICENCE = ROOT / "cc" / "inflate" / "LICENSE.libdeflate"
HAS_SOURCES = pytest.mark.skipif(
    not list(DOWNLOADS.glob("deflate-*/libdeflate/COPYING")), reason="the codecs' sources were not fetched"
)
BUILDS = [
    pytest.param(None, id="system-zlib"),
    pytest.param(DOWNLOADS, id="bundled", marks=HAS_SOURCES),
]


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    return importlib.import_module("third_party")


@pytest.mark.parametrize("downloads", BUILDS)
def test_every_build_credits_the_design_of_the_stream_decoder(third_party: ModuleType, downloads: Path | None) -> None:
    text = third_party.notices(third_party.components(downloads))
    assert "It follows the design of libdeflate by\nEric Biggers" in text
    assert LICENCE.read_text().strip() in text


@pytest.mark.parametrize("downloads", BUILDS)
def test_a_wheel_holds_notices_and_a_bill_of_materials(
    third_party: ModuleType, tmp_path: Path, downloads: Path | None
) -> None:
    third_party.write(tmp_path, downloads, "tf-npz", "1.2.3")
    compiled = [component.name for component in third_party.components(downloads)]
    assert compiled == (["pybind11"] if downloads is None else ["libdeflate", "zlib-ng", "pybind11"])
    notices = (tmp_path / "licenses" / "THIRD_PARTY_NOTICES").read_text()
    for component in third_party.components(downloads):
        assert f"{component.name} {component.version} ({component.spdx})" in notices
        assert component.licence.strip() in notices
    bill = json.loads((tmp_path / "sboms" / "tf-npz.cdx.json").read_text())
    assert [component["name"] for component in bill["components"]] == compiled


@HAS_SOURCES
def test_the_checked_in_licence_is_libdeflates_own() -> None:
    (copying,) = DOWNLOADS.glob("deflate-*/libdeflate/COPYING")
    assert LICENCE.read_text() == copying.read_text()


def test_every_file_that_follows_the_design_says_so() -> None:
    files = sorted((ROOT / "cc" / "inflate").glob("deflate_*"))
    assert len(files) == 6
    for file in files:
        head = re.match(r"(//.*\n)+", file.read_text())
        assert head is not None, file
        assert "libdeflate by Eric Biggers" in re.sub(r"\n//", "", head[0]), file
        assert "LICENSE.libdeflate" in head[0], file
