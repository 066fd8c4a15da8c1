"""pyfmt: the cross-virtualenv lint and format runner for Python monorepos."""

__version__ = "0.1.0"
