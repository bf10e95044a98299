"""tf_npz beside the limits of the machine and beside what else reads the same data: benchmarks/README.md."""
