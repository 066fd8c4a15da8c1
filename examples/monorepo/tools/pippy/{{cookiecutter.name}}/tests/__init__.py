"""Tests of {{ cookiecutter.name }}."""
