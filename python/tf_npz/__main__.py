"""`python -m tf_npz FILE...`: prints what files hold."""

import argparse
import os
import sys

from ._inspect import inspect


def main() -> int:
    """Prints a table for each file; 1 where one of them can't be read."""
    parser = argparse.ArgumentParser(prog="python -m tf_npz", description="Shows what .npy and .npz files hold.")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="an .npy or .npz file; gs:// and the like need TensorFlow"
    )
    failed = False
    for path in parser.parse_args().files:
        try:
            print(inspect(path), flush=True)
        except BrokenPipeError:  # of head, which has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return int(failed)
        except (OSError, ValueError, NotImplementedError, ImportError, RuntimeError) as error:
            print(error, file=sys.stderr, flush=True)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
