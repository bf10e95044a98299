"""Built wheels with every TensorFlow and every Python that they serve; see README.md."""
