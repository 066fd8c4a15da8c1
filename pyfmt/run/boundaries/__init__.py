"""The rules of the monorepo (`[tool.pyfmt.boundaries]`): who may import whom, checked without running anything."""
