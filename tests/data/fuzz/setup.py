from setuptools import setup, find_packages
NAME = "a"
setup(name=NAME, install_requires=["b>=1"] + ["c"], package_dir={"": "src"}, extras_require={"x": ["d"]}, packages=find_packages(where="src"))
