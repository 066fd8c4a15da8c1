#!/usr/bin/env python
# /// script
# requires-python = ">=3.9"
# dependencies = [
#   "iniconfig>=2",
# ]
# [tool.uv.sources]
# iniconfig = { path = "x.tar.gz" }
# ///
"""Fetches."""
