"""Prints as JSON what picklescan and fickling know to be unsafe: [scanner, module, name] of single callables.

A module that is unsafe as a whole stands for the callables in it, as this Python has them, and for some in the modules below it,
which are not imported: a few run something when they are.
"""

import contextlib
import importlib
import io
import json
import pkgutil
import sys
import warnings

from fickling import analysis, fickle
from picklescan import scanner

# Where this Python has no such module, or none that is imported here.
INVENTED = ["run", "Client", "_private"]
# Packages without a name of their own: whatever is said to lie in them is somebody else's.
EMPTY = {"test", "idlelib", "lib2to3", "xmlrpc"}
MOST_NAMES = 60
MOST_MODULES = 12


def callables(module):
    try:
        loaded = importlib.import_module(module)
        return [name for name in dir(loaded) if callable(getattr(loaded, name)) and not name.startswith("__")][:MOST_NAMES]
    except BaseException:  # Some end the process when they are imported.
        return []


def below(module):
    with contextlib.suppress(BaseException):
        path = getattr(importlib.import_module(module), "__path__", [])
        return [f"{module}.{found.name}" for found in pkgutil.iter_modules(path) if found.name != "__main__"][:MOST_MODULES]
    return []


def whole(module):
    names = callables(module) or ([] if module in EMPTY else INVENTED)
    return [(module, name) for name in names] + [(each, name) for each in below(module) for name in INVENTED]


def of_picklescan():
    for module, names in scanner._unsafe_globals.items():
        if names == "*":
            yield from whole(module)
        else:
            for name in [names] if isinstance(names, str) else sorted(names):
                yield module, name


def of_fickling():
    for module in sorted(fickle.UNSAFE_IMPORTS):
        if module in fickle.BUILTIN_MODULE_NAMES:
            yield from ((module, name) for name in callables("builtins") if name not in fickle.SAFE_BUILTINS)
        elif module in ("compile", "exec", "eval"):
            yield "builtins", module
        else:
            yield from whole(module)
    for module in analysis.UnsafeImportsML.UNSAFE_MODULES:
        yield from whole(module)
    for module, names in analysis.UnsafeImportsML.UNSAFE_IMPORTS.items():
        yield from ((module, name) for name in names)


warnings.simplefilter("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    found = {("picklescan", *pair) for pair in of_picklescan()} | {("fickling", *pair) for pair in of_fickling()}
json.dump(sorted(found), sys.stdout)
