"""`python -m tf_npz FILE...`: prints the arrays of files."""

import argparse
import os
import sys

from ._inspect import inspect


def main() -> int:
    """Prints a table for each file.

    Returns:
      The exit status: 0, or 1 if a file cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m tf_npz", description="Shows the arrays in .npy and .npz files.")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="an .npy or .npz file; gs:// and the like need TensorFlow"
    )
    failed = False
    for path in parser.parse_args().files:
        try:
            print(inspect(path), flush=True)
        except BrokenPipeError:  # The reader of the pipe, such as head, has ended.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return int(failed)
        except (OSError, ValueError, NotImplementedError, ImportError, RuntimeError) as error:
            print(error, file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
