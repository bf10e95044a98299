"""A conformance suite for readers of .npy and .npz files: see README.md beside this file."""
