"""LlamaIndex's objects as the native module takes them, and back."""
