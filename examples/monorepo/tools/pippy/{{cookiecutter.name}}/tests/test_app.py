"""The service starts."""

import unittest

from {{ cookiecutter.package }}.app import main


class AppTest(unittest.TestCase):
    """The service as it is started."""

    def test_it_starts(self) -> None:
        """And ends by itself."""
        self.assertEqual(main(), {{ 1 if cookiecutter.database == "yes" else 0 }})
