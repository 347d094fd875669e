"""Runs the tests of a program and reports them as Google Test does: --gtest_output=xml:FILE writes a JUnit
report, so that Meson counts each test with its message, and a name or part of one selects tests.
"""

import signal
import sys
import time
import traceback
import unittest
import xml.etree.ElementTree as ElementTree


class Recorder(unittest.TextTestResult):
    """Notes each test for the report, beside what unittest prints."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.suite = ElementTree.Element("testsuite", name="system")
        self.case = None
        self.begin = 0.0
        end_in_order(self)

    def startTest(self, test):
        super().startTest(test)
        words = test.id().split(".")
        self.case = ElementTree.SubElement(self.suite, "testcase", classname=words[-2],
                                           name=words[-1], status="run")
        self.begin = time.monotonic()

    def stopTest(self, test):
        self.case.set("time", f"{time.monotonic() - self.begin:.3f}")
        super().stopTest(test)

    def case_of(self, test):
        """The running test's element, or one for a whole class: its set-up is no test of its own."""
        if isinstance(test, unittest.TestCase):
            return self.case
        return ElementTree.SubElement(self.suite, "testcase", classname="class", name=str(test),
                                      status="run")

    def note_failure(self, test, error):
        text = "".join(traceback.format_exception(*error))
        message = " | ".join(str(error[1]).splitlines()[:6])
        failure = ElementTree.SubElement(self.case_of(test), "failure", message=printable(message))
        failure.text = printable(text)

    def addError(self, test, err):
        super().addError(test, err)
        self.note_failure(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note_failure(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note_failure(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        ElementTree.SubElement(self.case_of(test), "skipped", message=reason)


def printable(text):
    """XML has no control characters."""
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)


def write_report(path, suite):
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", "0")
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


class Ended(Exception):
    """By a signal: `timeout` or a user."""


def end_in_order(recorder):
    """The running test fails and takes down what it made; the others are not begun."""
    def handle(number, _frame):
        signal.signal(number, signal.SIG_IGN)
        recorder.stop()
        raise Ended(f"ended by {signal.Signals(number).name}")
    signal.signal(signal.SIGTERM, handle)


def main():
    output = None
    patterns = []
    for argument in sys.argv[1:]:
        if argument.startswith("--gtest_output=xml:"):
            output = argument.partition("xml:")[2]
        else:
            patterns.append(f"*{argument}*")
    loader = unittest.TestLoader()
    loader.testNamePatterns = patterns or None
    tests = loader.loadTestsFromModule(sys.modules["__main__"])
    runner = unittest.TextTestRunner(resultclass=Recorder, verbosity=2)
    result = runner.run(tests)
    if output:
        write_report(output, result.suite)
    sys.exit(0 if result.wasSuccessful() else 1)
