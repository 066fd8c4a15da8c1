"""Which rules of different tools mean the same fault: found by giving both tools pylint's own examples of its messages.

A rule alone seldom tells (mypy's `call-arg` is four faults, `misc` a hundred), so each stands with what its messages of
that fault look like. A message that looks otherwise is joined with nothing.
"""

from __future__ import annotations

from pyfmt.core.equivalents import Wording

LEADS = ("mypy", "pylint")  # mypy tells the types as well


def _mypy(rule: str, pattern: str) -> Wording:
    # What mypy says of one item of a union is most often said of None, which pylint never says.
    return Wording("mypy", rule, rule, pattern, vague=rule == "misc", apart=rule == "union-attr")


def _pylint(rule: str, symbol: str, pattern: str, *, apart: bool = False, elsewhere: bool = False) -> Wording:
    return Wording("pylint", rule, symbol, pattern, apart=apart, elsewhere=elsewhere)


_ATTRIBUTE = r'has no attribute "([^"]+)"'

FAULTS: dict[str, tuple[Wording, ...]] = {
    # Names, modules and attributes
    "undefined name": (
        _mypy("name-defined", r'^Name "([^"]+)" is not defined'),
        _pylint("E0602", "undefined-variable", r"^Undefined variable '([^']+)'"),
    ),
    "use before definition": (
        _mypy("used-before-def", r'^Name "([^"]+)" is used before definition'),
        _mypy("has-type", r'^Cannot determine type of "([^"]+)"'),
        _pylint("E0601", "used-before-assignment", r"^Using variable '([^']+)' before assignment"),
        _pylint("E0203", "access-member-before-definition", r"^Access to member '([^']+)' before"),
    ),
    "definition twice": (
        _mypy("no-redef", r'^Name "([^"]+)" already defined'),
        _pylint("E0102", "function-redefined", r"already defined line"),
    ),
    "missing module": (
        _mypy("import-not-found", r'module named "([^"]+)"'),
        _pylint("E0401", "import-error", r"^Unable to import '([^']+)'"),
        # Of `from a.absent.b import c` pylint says both; of a name that is missing in a module that is there, this.
        _pylint("E0611", "no-name-in-module", r"^No name '[^']+' in module", apart=True),
    ),
    "missing attribute": (
        _mypy("attr-defined", _ATTRIBUTE),
        _mypy("union-attr", r'^Item "(?!None").*' + _ATTRIBUTE),
        _mypy("misc", r'^"([^"]+)" undefined in superclass'),
        _pylint("E1101", "no-member", r" has no '([^']+)' member"),
        _pylint("E0611", "no-name-in-module", r"^No name '([^']+)' in module"),
    ),
    "attribute beside the slots": (
        _mypy("misc", r'^Trying to assign name "([^"]+)" that is not in'),
        _pylint("E0237", "assigning-non-slot", r"^Assigning to attribute '([^']+)' not defined in class slots"),
    ),
    # Calls
    "not callable": (
        _mypy("operator", r"not callable$"),
        _mypy("misc", r"not callable$"),
        _pylint("E1102", "not-callable", r" is not callable$"),
    ),
    "missing argument": (
        _mypy("call-arg", r'^Missing (?:positional|named) arguments? (".+?") (?:in call to|for) '),
        _mypy("call-arg", r"^Too few arguments"),
        _pylint("E1120", "no-value-for-parameter", r"^No value for argument '([^']+)'"),
        _pylint("E1125", "missing-kwoa", r"^Missing mandatory keyword argument '([^']+)'"),
    ),
    "too many arguments": (
        _mypy("call-arg", r"^Too many (?:positional )?arguments"),
        _pylint("E1121", "too-many-function-args", r"^Too many positional arguments"),
    ),
    "unexpected keyword": (
        _mypy("call-arg", r'^Unexpected keyword argument "([^"]+)"'),
        _pylint("E1123", "unexpected-keyword-arg", r"^Unexpected keyword argument '([^']+)'"),
        _pylint("E3102", "positional-only-arguments-expected", r"passed as keyword arguments: (.+)"),
    ),
    "argument twice": (
        _mypy("misc", r'gets multiple values for keyword argument "([^"]+)"'),
        _pylint("E1124", "redundant-keyword-arg", r"^Argument '([^']+)' passed by position and keyword"),
    ),
    "use of no result": (
        _mypy("func-returns-value", r"does not return a value"),
        _pylint("E1111", "assignment-from-no-return", r"^Assigning result of a function call", elsewhere=True),
        _pylint("E1128", "assignment-from-none", r"^Assigning result of a function call", elsewhere=True),
    ),
    "abstract class instantiated": (
        _mypy("abstract", r'^Cannot instantiate abstract class "([^"]+)"'),
        _pylint("E0110", "abstract-class-instantiated", r"^Abstract class '([^']+)'"),
    ),
    # Operators and protocols
    "not subscriptable": (
        _mypy("index", r"is not indexable"),
        _mypy("misc", r"is not generic and not indexable"),
        _mypy("type-arg", r"expects no type arguments"),
        _pylint("E1136", "unsubscriptable-object", r"is unsubscriptable"),
    ),
    "no assignment of items": (
        _mypy("index", r"^Unsupported target for indexed assignment"),
        _pylint("E1137", "unsupported-assignment-operation", r"does not support item assignment"),
    ),
    "no deletion of items": (
        _mypy("attr-defined", r'has no attribute "__delitem__"'),
        _pylint("E1138", "unsupported-delete-operation", r"does not support item deletion", elsewhere=True),
    ),
    "no membership": (
        _mypy("operator", r"^Unsupported right operand type for in "),
        _pylint("E1135", "unsupported-membership-test", r"doesn't support membership test", elsewhere=True),
    ),
    "no such operator": (
        _mypy("operator", r"^Unsupported operand type for unary "),
        _pylint("E1130", "invalid-unary-operand-type", r"^bad operand type for unary "),
    ),
    "not iterable": (
        _mypy("attr-defined", r'has no attribute "__iter__"'),
        _mypy("misc", r"object is not iterable"),
        _pylint("E1133", "not-an-iterable", r"^Non-iterable value "),
        _pylint("E0633", "unpacking-non-sequence", r"^Attempting to unpack a non-sequence", elsewhere=True),
    ),
    "no mapping": (
        _mypy("arg-type", r"^Argument after \*\* must be a mapping"),
        _mypy("dict-item", r"^Unpacked dict entry"),
        _pylint("E1134", "not-a-mapping", r"^Non-mapping value ", elsewhere=True),
    ),
    "no context manager": (
        _mypy("attr-defined", r'has no attribute "__a?(?:enter|exit)__"'),
        _pylint("E1129", "not-context-manager", r"doesn't implement __enter__", elsewhere=True),
        _pylint(
            "E1145", "async-context-manager-with-regular-with", r"should be used with 'async with'", elsewhere=True
        ),
        _pylint("E1701", "not-async-context-manager", r"doesn't implement __aenter__", elsewhere=True),
    ),
    "index of a wrong type": (
        _mypy("index", r"^Invalid index type "),
        _pylint("E1126", "invalid-sequence-index", r"^Sequence index is not an int", elsewhere=True),
        _pylint("E1127", "invalid-slice-index", r"^Slice index is not an int", elsewhere=True),
    ),
    # Classes
    "override of another signature": (
        _mypy("override", r'^Signature of "[^"]+" incompatible with supertype'),
        _pylint("W0221", "arguments-differ", r" method$"),
        _pylint("W0222", "signature-differs", r"^Signature differs from overridden"),
    ),
    "override of another kind": (
        _mypy("override", r'^Return type ".+" of "([^"]+)" incompatible'),
        _pylint("W0236", "invalid-overridden-method", r"^Method '([^']+)' was expected to be"),
    ),
    "override of what is final": (
        _mypy("misc", r'^Cannot override final attribute "([^"]+)"'),
        _pylint("W0239", "overridden-final-method", r"^Method '([^']+)' overrides a method decorated"),
    ),
    "base that is final": (
        _mypy("misc", r"^Cannot inherit from final class"),
        _pylint("W0240", "subclassed-final-class", r"is a subclass of a class decorated with typing.final"),
    ),
    "bases without an order": (
        _mypy("misc", r"^Cannot determine consistent method resolution order"),
        _pylint("E0240", "inconsistent-mro", r"^Inconsistent method resolution order"),
    ),
    "base twice": (
        _mypy("misc", r"^Duplicate base class"),
        _pylint("E0241", "duplicate-bases", r"^Duplicate bases for class"),
    ),
    "extension of an enum": (
        _mypy("misc", r"^Cannot extend enum"),
        _pylint("E0244", "invalid-enum-extension", r"^Extending inherited Enum class"),
    ),
    "method without self": (
        _mypy("misc", r"^Method must have at least one argument"),
        _pylint("E0211", "no-method-argument", r"has no argument$"),
    ),
    # Exceptions
    "raising no exception": (
        _mypy("misc", r"^Exception must be derived from BaseException"),
        _pylint("E0702", "raising-bad-type", r"^Raising "),
        _pylint("E0710", "raising-non-exception", r"^Raising a class "),
        _pylint("E0711", "notimplemented-raised", r"^NotImplemented raised"),
    ),
    "catching no exception": (
        _mypy("misc", r"^Exception type must be derived from BaseException"),
        _pylint("E0712", "catching-non-exception", r"^Catching an exception which doesn't inherit"),
    ),
    # The % operator
    "unknown conversion": (
        _mypy("str-format", r"^Unsupported format character"),
        _pylint("E1300", "bad-format-character", r"^Unsupported format character", elsewhere=True),
    ),
    "mixed conversions": (
        _mypy("str-format", r"mixes specifier with and without mapping keys"),
        _pylint("E1302", "mixed-format-string", r"^Mixing named and unnamed", elsewhere=True),
    ),
    "format without a mapping": (
        _mypy("str-format", r"^Format requires a mapping"),
        _pylint("E1303", "format-needs-mapping", r"^Expected mapping for format string", elsewhere=True),
    ),
    "format without its key": (
        _mypy("str-format", r'^Key "([^"]+)" not found in mapping'),
        _pylint("E1304", "missing-format-string-key", r"^Missing key '([^']+)' in format string", elsewhere=True),
    ),
    "too much to format": (
        _mypy("str-format", r"^Not all arguments converted"),
        _pylint("E1305", "too-many-format-args", r"^Too many arguments for format string", elsewhere=True),
    ),
    "too little to format": (
        _mypy("str-format", r"^Not enough arguments for format string"),
        _pylint("E1306", "too-few-format-args", r"^Not enough arguments for format string", elsewhere=True),
    ),
    "value of a wrong type to format": (
        _mypy("str-format", r"^Incompatible types in string interpolation"),
        _pylint("E1307", "bad-string-format-type", r"does not match format type", elsewhere=True),
    ),
}
