"""`pytest --gradparity-reference`: a test for each case of each function of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from functions_of_mine import REFERENCE, RIGHT, WRONG, made_functions

CASES = ("center-n5-d4-float64", "center-n5-d4-float32", "slope-n5-float64")
QUIET = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """pytest with the plugin and no other, three cases set, and a right port of the reference."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in "CI", "BUILD_NUMBER":  # with these, pytest's short summary repeats whole messages
        monkeypatch.delenv(name, raising=False)
    pytester.makeini("[pytest]\ngradparity_cases =\n    " + "\n    ".join(CASES))
    made_functions(pytester.path)

    def run(*arguments: str | Path) -> pytest.RunResult:
        asked = ("--gradparity-reference=reference.py", "--gradparity-port=mine")
        return pytester.runpytest_inprocess("-p", "gradparity.pytest_plugin", *QUIET, *asked, *arguments)

    return run


def test_there_is_a_test_for_each_case_of_each_function_and_seed(run: Run) -> None:
    found = run("--collect-only", "-q", "-o", "gradparity_seeds=0,3")
    ids = [line for line in found.outlines if line.startswith("gradparity::")]
    assert ids == [f"gradparity::mine::{case}{seed}" for case in CASES for seed in ("", "[3]")]
    run().assert_outcomes(passed=3)


def test_the_reference_of_the_settings_is_relative_to_them(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = "slope-n5-float64-x0.001"
    settings = "gradparity_reference = reference.py\ngradparity_ports = mine\ngradparity_cases ="
    pytester.makeini(f"[pytest]\n{settings} {case}")
    monkeypatch.chdir(pytester.mkdir("below"))
    arguments = ("-p", "gradparity.pytest_plugin", *QUIET, "-c", "../tox.ini", "--rootdir", "..", "-v")
    done = pytester.runpytest_inprocess(*arguments)
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines([f"../gradparity::mine::{case} PASSED*"])


def test_a_failure_is_told_as_one_of_the_network_with_its_smallest_case(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "mine" / "functions.py").write_text(WRONG)
    done = run("-k", "float64")
    done.assert_outcomes(failed=1, passed=1, deselected=1)
    done.stdout.fnmatch_lines(
        [
            "*_ gradparity::mine::center-n5-d4-float64 *_",
            "result[[]*, but should be * [[]of center, float64]; ratio *",
            "first wrong at center result*",
            "smallest, center-*",
            "gradparity check --reference reference.py --port mine:native --case center-* --seeds 0",
        ]
    )
    assert "Traceback" not in done.stdout.str() and ".py:" not in done.stdout.str()


def test_what_the_reference_cannot_decide_is_skipped_with_the_reason(run: Run, pytester: pytest.Pytester) -> None:
    text = REFERENCE.replace("return x - x.mean(axis=0)", "return np.log(np.abs(x)).sum(axis=0) - x")
    (pytester.path / "reference.py").write_text(text)
    done = run("-o", "gradparity_cases=center-n5-d4-float64-zero-rows", "-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["SKIPPED*mine/port.toml:1: mine: the reference's result is not finite there"])


def test_expected_failures_are_those_of_the_functions(run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "mine" / "functions.py").write_text(WRONG)
    lines = "center-*: the other axis\nslope-n1-*: of the suite, though not asked here\nrandom-*: no function\n"
    (pytester.path / "mine" / "expected-failures.txt").write_text(lines)
    done = run()
    done.assert_outcomes(xfailed=2, passed=1, failed=1)
    done.stdout.fnmatch_lines(["no case matches: remove or mend", "*expected-failures.txt:3: random-[*]: no function"])
    assert "of the suite" not in done.stdout.str()
    (pytester.path / "mine" / "functions.py").write_text(RIGHT)
    run().stdout.fnmatch_lines(["mine passes, though it is expected to fail: remove or narrow this line"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("import numpy", "import numbly", "reference.py:2: ModuleNotFoundError: *"),
        ("@function(x=", "@function(z=", "*reference.py:*: center: it has no argument z; it has x"),
        ("axis=0", "axis=7", "*reference.py:8: center: AxisError: *"),
    ],
)
def test_a_broken_reference_is_one_line(old: str, new: str, words: str, run: Run, pytester: pytest.Pytester) -> None:
    (pytester.path / "reference.py").write_text(REFERENCE.replace(old, new))
    done = run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: {words}"])
    assert len([line for line in done.errlines if line.strip()]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gradparity-reference=no.py", "--gradparity-port=mine"), "--gradparity-reference no.py: no such file"),
        (("--gradparity-reference=reference.py",), "--gradparity-reference: of which port? *"),
        (("--gradparity-port=mine", "-o", "gradparity_reference=no.py"), "gradparity_reference no.py: no such file"),
    ],
)
def test_a_wrong_option_is_one_line(
    arguments: tuple[str, ...], words: str, run: Run, pytester: pytest.Pytester
) -> None:
    done = pytester.runpytest_inprocess("-p", "gradparity.pytest_plugin", *QUIET, *arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: {words}"])
