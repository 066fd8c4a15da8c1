MAPPING: dict[str, str] = {"a": "/src/a", "b.c": "/src/b/c.py"}
NAMESPACES = {"ns": ["/src/ns"]}
F.map_module("x", "/src/x.py")
