"""What directories that old versions of LlamaIndex wrote must answer, from the MANIFEST.json beside their files."""
