"""Compares tf_npz with the limits of the machine and with other readers of the same data: see benchmarks/README.md."""
