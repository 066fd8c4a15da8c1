"""Needs what its lock holds."""

import typing_extensions

print(typing_extensions)
