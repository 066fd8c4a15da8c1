"""What the tests share: Pythons, real virtual environments, monorepos, and the careful loop."""
