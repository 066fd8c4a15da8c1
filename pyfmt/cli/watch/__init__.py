"""`--watch`: runs again after each save that can have changed the report, with workers that stay warm."""
