"""The command line: `python -m tests.conformance`, from the root of the repository. `--help` lists its options."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from . import files, runner, tables
from .model import Case
from .readers import READERS
from .verdicts import Verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command. Returns 1 if tf-npz does not read a case as expected, else 0."""
    description = "Holds readers of .npy and .npz files against what NumPy's and PKWARE's documents say."
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=description)
    parser.add_argument("--reader", choices=[*READERS, "both"], default="both", help="who reads (default: both)")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="cases by name: 'gzip/*', long_suffix")
    parser.add_argument("--list", action="store_true", help="say what the cases show, and read none")
    parser.add_argument("--write", metavar="FOLDER", help="write the files there, with MANIFEST.json, and read none")
    parser.add_argument("--write-docs", action="store_true", help="write docs/format.md's tables, build/conformance.md")
    options = parser.parse_args(arguments)
    cases = runner.chosen_cases(options.only)
    if not cases:
        parser.error(f"no case is called {options.only!r}")
    if options.list:
        for case in cases:
            print(f"{case.name}: {case.shows} [{case.section}]")
        return 0
    if options.write:
        print(f"{len(cases)} files; what is expected of each stands in {files.write(options.write, cases)}")
        return 0
    if options.write_docs:
        text = tables.DOCUMENT.read_text(encoding="utf-8")
        tables.DOCUMENT.write_text(tables.written(text, tables.sections(cases)), encoding="utf-8")
        tables.PAGE.parent.mkdir(exist_ok=True)
        tables.PAGE.write_text(tables.page(cases), encoding="utf-8")
        print(f"Written: {tables.DOCUMENT}, {tables.PAGE}")
        return 0
    if options.only == "*":
        cases += runner.corpus_cases()
    readers = list(READERS) if options.reader == "both" else [options.reader]
    verdicts = runner.run(cases, readers)
    _print_matrix(cases, verdicts, readers)
    return int(any(not one.good for each in verdicts.values() for reader, one in each.items() if reader != "numpy"))


def _print_matrix(cases: Sequence[Case], verdicts: Mapping[str, Mapping[str, Verdict]], readers: Sequence[str]) -> None:
    width = min(60, max(len(case.name) for case in cases))
    subject = ""
    for case in cases:
        if case.subject != subject:
            subject = case.subject
            heads = "  ".join(READERS[reader].name.ljust(22) for reader in readers)
            print(f"\n{tables.SUBJECTS.get(subject, subject):{width + 2}}  {'expected':34}  {heads}".rstrip())
        each = verdicts[case.name]
        words = "  ".join(f"{'' if each[reader].good else '! '}{each[reader].word}".ljust(22) for reader in readers)
        print(f"  {case.name:{width}}  {tables.expectation(case):34}  {words}".rstrip())
        for reader in readers:
            if not each[reader].good:
                reason = case.numpy if reader == "numpy" and case.numpy else each[reader].detail
                print(f"      ! {READERS[reader].name}: {' '.join(reason.split())[:200]}")
    print()
    for reader in readers:
        good = sum(each[reader].good for each in verdicts.values())
        known = sum(not verdicts[case.name][reader].good for case in cases if reader == "numpy" and case.numpy)
        remark = f", {known} otherwise for reasons that are given" if known else ""
        print(f"{READERS[reader].name}: {good} of {len(verdicts)} as expected{remark}")


if __name__ == "__main__":
    sys.exit(main())
