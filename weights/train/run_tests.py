"""All tests of this folder: `python run_tests.py`. They need no data, and two minutes on two cores. The last line is "N passed, N failed".

Skips, each with its reason, count as neither. The exit code is 1 if something failed.
"""
import sys
import unittest
from pathlib import Path


class Result(unittest.TextTestResult):
    """Counts what a runner does not: the tests that passed. A test fails once, however many of its subtests do."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main() -> None:
    tests = unittest.defaultTestLoader.discover(Path(__file__).parent, "test_*.py")
    result = unittest.TextTestRunner(sys.stdout, resultclass=Result, verbosity=2).run(tests)
    failed = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    failed |= {test.id() for test in result.unexpectedSuccesses}
    count = len(failed) or int(not result.passed)
    print(f"{result.passed} passed, {count} failed", flush=True)
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
