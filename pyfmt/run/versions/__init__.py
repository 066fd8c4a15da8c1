"""Which versions the projects of a monorepo have, and what `[tool.pyfmt.versions-policy]` says of them."""
