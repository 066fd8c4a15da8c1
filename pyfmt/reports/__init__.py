"""Renderers: one report, many formats; each format is a module that is imported only when asked for."""
