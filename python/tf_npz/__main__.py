"""`python -m tf_npz FILE...`: prints the arrays of files."""

import argparse
import os
import sys

from . import _core, _errors, _paths
from ._inspect import inspect


def main() -> int:
    """Prints a table for each file.

    Returns:
      The exit status: 0, or 1 if a file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m tf_npz", description="Shows the arrays in .npy and .npz files.")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="an .npy or .npz file, or a pattern, such as 'train/**/*.npz'; gs:// and the like need TensorFlow",
    )
    failed = False
    for argument in parser.parse_args().files:
        try:
            paths = _paths.expand([argument])
        except (_core.StatusError, ImportError) as error:
            _print_error(_errors.to_python(error, argument) if isinstance(error, _core.StatusError) else error)
            failed = True
            continue
        for path in paths:
            try:
                print(inspect(path), flush=True)
            except BrokenPipeError:  # The reader of the pipe, such as head, has ended.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return int(failed)
            except (OSError, ValueError, NotImplementedError, ImportError, RuntimeError) as error:
                _print_error(error)
                failed = True
    return int(failed)


def _print_error(error: Exception) -> None:
    print(error, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
