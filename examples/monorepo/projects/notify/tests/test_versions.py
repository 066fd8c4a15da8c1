"""Versions are compared as numbers."""

import unittest

from notify.versions import newer, old_style


class VersionsTest(unittest.TestCase):
    """Versions of both styles."""

    def test_ten_is_newer_than_nine(self) -> None:
        """Numbers are no text."""
        self.assertTrue(newer("1.9", "1.10"))

    def test_a_date_with_letters_is_old_style(self) -> None:
        """What PEP 440 does not know."""
        self.assertTrue(old_style('2004-june'))
