"""`pytest --gradparity-port`: which tests there are, what becomes of each, and that nobody else notices."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MakePort

ROOT = Path(__file__).parents[2]
CASE = "random-9-6-4-relu-n7-float64"
SINGLE = CASE.replace("64", "32")
INI = f"""
[pytest]
gradparity_cases =
    {CASE}
    {SINGLE}
"""

QUIET = ("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning")  # as it is, by this very file
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """pytest with the plugin and no other, in a folder with two cases set and no test file."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in "CI", "BUILD_NUMBER":  # with these, pytest's short summary repeats whole messages
        monkeypatch.delenv(name, raising=False)
    pytester.makeini(INI)

    def run(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_inprocess("-p", "gradparity.pytest_plugin", *QUIET, *arguments)

    return run


@pytest.fixture
def port(make_port: MakePort, pytester: pytest.Pytester) -> Callable[..., Path]:
    """port("wrong.py", "batch-size"): the folder of such a port, beside the tests."""

    def port(*arguments: str, name: str = "mine") -> Path:
        return make_port(*arguments, name=name).folder.rename(pytester.path / name)

    return port


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


def test_pyproject_names_this_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry point, in a distribution of that name, is what pytest loads by itself; -p no: keeps it out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"gradparity": "gradparity.pytest_plugin"}
    info = pytester.mkdir("site") / "installed-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    [(name, module)] = project["entry-points"]["pytest11"].items()
    (info / "entry_points.txt").write_text(f"[pytest11]\n{name} = {module}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(info.parent), *filter(None, sys.path)]))
    for more, there in ((), True), (("-p", "no:gradparity"), False):
        done = pytester.run(sys.executable, "-m", "pytest", "--help", *more)
        assert ("--gradparity-port" in done.stdout.str()) == there


def test_a_run_that_does_not_ask_imports_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert [m for m in ("numpy", "pydantic", "rich", "gradparity.check") if m in sys.modules] == []
        """
    )
    result = pytester.runpytest_subprocess("-p", "gradparity.pytest_plugin")
    result.assert_outcomes(passed=1)


def test_without_a_test_file_a_port_is_tested(run: Run, port: Callable[..., Path]) -> None:
    port("wrong.py", "none")
    result = run("--gradparity-port", "mine", "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"gradparity::mine::{CASE} PASSED*", f"gradparity::mine::{SINGLE} PASSED*"])


def test_collecting_starts_nothing_and_is_the_same_each_time(
    run: Run, port: Callable[..., Path], pytester: pytest.Pytester
) -> None:
    folder = port("faulty.py", "exit")
    (folder / "port.toml").write_text(
        'name = "mine"\nlanguage = "X"\nhint = "x"\n[build]\ncommand = ["touch", "built"]\ninputs = []\n'
        '[[runner]]\nname = "one"\ncommand = ["touch", "started"]\n[[runner]]\nname = "two"\ncommand = ["false"]\n'
    )
    arguments = ("--gradparity-port", "mine", "-o", "gradparity_seeds=0,3", "--collect-only", "-q")
    first, second = run(*arguments), run(*arguments)
    seeded = [f"{case}{seed}" for case in (CASE, SINGLE) for seed in ("", "[3]")]
    assert ids(first) == [f"gradparity::mine:{runner}::{name}" for runner in ("one", "two") for name in seeded]
    assert ids(second) == ids(first)
    assert not (folder / "built").exists() and not (folder / "started").exists()


def test_a_failure_is_actual_expected_call_diagnosis_command_and_no_traceback(
    run: Run, port: Callable[..., Path]
) -> None:
    port("wrong.py", "batch-size")
    result = run("--gradparity-port", "mine", "-k", "float64")
    result.assert_outcomes(failed=1, deselected=1)
    report = result.stdout.str().partition("= FAILURES =")[2]
    head, actual, where, why, command = report.splitlines()[1:6]
    assert f" gradparity::mine::{CASE} " in head
    assert re.fullmatch(r"dW2\[.*\]=\S+, but should be \S+ \[of gradient, float64\]; ratio \S+", actual)
    assert where == "first wrong at gradient dW2 (the layers called alone are right); all of it"
    assert why.startswith("sum for mean: not divided by the batch size")
    assert command == f"gradparity check --port mine:native --case {CASE} --seeds 0"
    assert "Traceback" not in report and ".py:" not in report
    assert f"FAILED gradparity::mine::{CASE} - Failed: dW2[" in report


def test_the_command_shows_it_again(run: Run, port: Callable[..., Path], pytester: pytest.Pytester) -> None:
    port("wrong.py", "batch-size")
    result = run("--gradparity-port", "mine", "-k", "float64")
    [command] = [line for line in result.outlines if line.startswith("gradparity check ")]
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=pytester.path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr


def test_x_ends_at_the_first_failure(run: Run, port: Callable[..., Path]) -> None:
    port("wrong.py", "batch-size")
    result = run("--gradparity-port", "mine", "-x")
    result.assert_outcomes(failed=1)


def test_lf_runs_the_failures_of_all_seeds_again(run: Run, port: Callable[..., Path]) -> None:
    port("wrong.py", "batch-size")
    asked = ("--gradparity-port=mine", "-o", "gradparity_seeds=0-1")
    run(*asked, "-k", "float64").assert_outcomes(failed=2, deselected=2)
    run(*asked, "--lf").assert_outcomes(failed=2, deselected=2)
    assert ids(run(*asked, "--ff", "--collect-only", "-q"))[:2] == [f"gradparity::mine::{CASE}{s}" for s in ("", "[1]")]


def test_what_is_not_implemented_is_skipped_with_the_reason(run: Run, port: Callable[..., Path]) -> None:
    port("wrong.py", "no-float32")
    result = run("--gradparity-port", "mine", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED [[]1[]] mine/port.toml:1: mine: the port has no float32"])


def test_an_unresolved_case_fails(run: Run, port: Callable[..., Path]) -> None:
    port("wrong.py", "one-ulp")
    result = run("--gradparity-port", "mine", "-o", "gradparity_cases=random-2-2-sigmoid-n7-float64-saturated")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["unresolved (the case could not have shown an error of 1e-3): db1[[]*"])


def test_what_could_not_run_fails_with_the_last_words_and_the_next_case_has_a_new_process(
    run: Run, port: Callable[..., Path]
) -> None:
    port("faulty.py", "exit")
    result = run("--gradparity-port", "mine")
    result.assert_outcomes(failed=2)
    lines = [
        "could not run: gradient: expected a reply, it exited with status 7",
        "    | about to exit",
        f"gradparity check --port mine:native --case {CASE} --seeds 0",
    ]
    result.stdout.fnmatch_lines(lines)
    assert result.stdout.str().count("it exited with status 7") >= 2


def test_a_port_that_does_not_start_fails_with_its_last_words(run: Run, port: Callable[..., Path]) -> None:
    port("faulty.py", "no-start")
    result = run("--gradparity-port", "mine")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["mine failed: expected a reply, *", "    | cannot find my library"])


def test_a_runtime_that_is_not_here_fails_unless_another_runner_is_there(run: Run, port: Callable[..., Path]) -> None:
    folder = port("faulty.py", "not-available")
    run("--gradparity-port", "mine").assert_outcomes(failed=2)
    manifest = (folder / "port.toml").read_text()
    second = manifest[manifest.index("[[runner]]") :].replace("native", "other").replace("not-available", "order")
    (folder / "port.toml").write_text(manifest + second.replace("faulty.py', 'order", "wrong.py', 'none"))
    result = run("--gradparity-port", "mine", "-rs")
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*mine/port.toml:1: mine:native not available: no runtime here*"])
    run("--gradparity-port", "mine:native").assert_outcomes(failed=2)


def test_one_process_serves_all_cases_of_a_runner(run: Run, port: Callable[..., Path]) -> None:
    folder = port("wrong.py", "none")
    manifest = (folder / "port.toml").read_text()
    starting = "['sh', '-c', 'echo started >> log; exec \"$@\"', 'sh', "
    (folder / "port.toml").write_text(manifest.replace("command = [", f"command = {starting}"))
    run("--gradparity-port", "mine", "-o", "gradparity_seeds=0-2").assert_outcomes(passed=6)
    assert (folder / "log").read_text() == "started\n"


def built(port: Callable[..., Path]) -> Path:
    """A port that notes each of its builds, and has two runners."""
    folder = port("wrong.py", "none")
    text = (folder / "port.toml").read_text()
    build = '[build]\ncommand = ["sh", "-c", "echo ran >> built.txt"]\n'
    other = text[text.index("[[runner]]") :].replace("native", "other")
    (folder / "port.toml").write_text(text.replace("[[runner]]", f"{build}[[runner]]") + other)
    return folder


def test_a_port_is_built_once_and_that_is_said(run: Run, port: Callable[..., Path]) -> None:
    folder = built(port)
    result = run("--gradparity-port", "mine")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["collected 4 items", "building mine: sh -c echo ran*", "built mine in *", "gradparity *"]
    )
    assert (folder / "built.txt").read_text() == "ran\n"


def test_a_port_none_of_whose_tests_run_is_not_built(run: Run, port: Callable[..., Path]) -> None:
    folder = built(port)
    run("--gradparity-port", "mine", "-k", "nothing").assert_outcomes(deselected=4)
    assert not (folder / "built.txt").exists()


def test_a_worker_of_xdist_builds_what_it_tests(run: Run, port: Callable[..., Path]) -> None:
    pytest.importorskip("xdist")
    folder = built(port)
    result = run("-p", "xdist.plugin", "-n", "1", "--gradparity-port", "mine")
    result.assert_outcomes(passed=4)
    assert (folder / "built.txt").read_text() == "ran\n"
    result.stdout.no_fnmatch_line("buil* mine*")


def test_ports_of_the_settings_join_the_users_tests_but_not_where_files_are_named(
    run: Run, port: Callable[..., Path], pytester: pytest.Pytester
) -> None:
    port("wrong.py", "none")
    pytester.makeini(f"{INI}gradparity_ports = mine\n")
    pytester.makepyfile(test_own="def test_own(): pass")
    run().assert_outcomes(passed=3)
    run("test_own.py").assert_outcomes(passed=1)
    run("test_own.py", "--gradparity-port", "mine").assert_outcomes(passed=3)
    pytester.mkdir("below")
    os.chdir("below")
    run("-c", "../tox.ini", "--rootdir", "..").assert_outcomes(passed=2)


def test_a_test_can_be_run_by_its_id(run: Run, port: Callable[..., Path], pytester: pytest.Pytester) -> None:
    port("wrong.py", "none")
    pytester.makepyfile(test_own="def test_own(): pass")
    asked = ("--gradparity-port", "mine", "-o", "gradparity_seeds=0,3", "--collect-only", "-q")
    assert ids(run(*asked, f"gradparity::mine::{CASE}[3]")) == [f"gradparity::mine::{CASE}[3]"]
    assert ids(run(*asked, f"../gradparity::mine::{CASE}")) == [f"gradparity::mine::{CASE}{s}" for s in ("", "[3]")]
    assert len(ids(run(*asked, "gradparity::mine"))) == 4
    both = run(*asked, f"gradparity::mine::{SINGLE}[3]", "test_own.py")
    assert ids(both) == ["test_own.py::test_own", f"gradparity::mine::{SINGLE}[3]"]
    none = run(*asked, "gradparity::yours")
    assert none.ret == pytest.ExitCode.USAGE_ERROR
    none.stderr.fnmatch_lines(["ERROR: gradparity::yours: no such test of the ports that are asked for*"])


def test_an_expected_failure_is_xfailed_with_its_reason(run: Run, port: Callable[..., Path]) -> None:
    folder = port("wrong.py", "batch-size")
    (folder / "expected-failures.txt").write_text("*-float32: issue 12\n")
    result = run("--gradparity-port", "mine", "-rx")
    result.assert_outcomes(failed=1, xfailed=1, passed=1)
    result.stdout.fnmatch_lines([f"XFAIL gradparity::mine::{SINGLE} - issue 12"])
    run("--gradparity-port", "mine", "--runxfail").assert_outcomes(failed=2, passed=1)


def test_what_could_not_run_can_be_expected_too(run: Run, port: Callable[..., Path]) -> None:
    folder = port("faulty.py", "error")
    (folder / "expected-failures.txt").write_text("*: no gradient yet\n")
    run("--gradparity-port", "mine").assert_outcomes(xfailed=2, passed=1)


def test_an_unexpected_pass_fails_and_names_the_line(run: Run, port: Callable[..., Path]) -> None:
    folder = port("wrong.py", "none")
    (folder / "expected-failures.txt").write_text("# none\n*-float32: issue 12\n")
    result = run("--gradparity-port", "mine")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        [
            "mine passes, though it is expected to fail: remove or narrow this line",
            "*/mine/expected-failures.txt:2: [*]-float32: issue 12",
        ]
    )


def test_a_line_that_matches_no_case_fails_once(run: Run, port: Callable[..., Path]) -> None:
    folder = port("wrong.py", "none")
    lines = "no-such-*: gone\nmnist-*: known, though not asked here\n"
    (folder / "expected-failures.txt").write_text(lines)
    result = run("--gradparity-port", "mine")
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(["no case matches: remove or mend", "*expected-failures.txt:1: no-such-[*]: gone"])
    assert "mnist" not in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gradparity-port", "nowhere"), "--gradparity-port nowhere: no such port; there are *"),
        (("--gradparity-port", "./nowhere"), "nowhere/port.toml: no such file; a port is a folder with a port.toml"),
        (("-o", "gradparity_ports=nowhere"), "gradparity_ports nowhere: no such port; *"),
        (("-o", "gradparity_cases=nonsense"), "gradparity_cases nonsense: no such case; *"),
        (("-o", "gradparity_dtypes=float16"), "gradparity_dtypes: expected some of float64, float32, came float16"),
        (("-o", "gradparity_dtypes=float32", "-o", f"gradparity_cases={CASE}"), "gradparity_dtypes: none of the *"),
        (("-o", "gradparity_seeds=1-"), "gradparity_seeds: expected seeds like 3, 1,5,9 or 0-4, came '1-'"),
    ],
)
def test_a_wrong_setting_is_one_line(
    arguments: tuple[str, ...], words: str, run: Run, port: Callable[..., Path]
) -> None:
    port("wrong.py", "none")
    ours = () if "port" in arguments[-1] or "port" in arguments[0] else ("--gradparity-port", "mine")
    result = run(*ours, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{words}"])
    assert len([line for line in result.errlines if line.strip()]) == 1


def test_nonsense_in_the_expected_failures_is_one_line(run: Run, port: Callable[..., Path]) -> None:
    folder = port("wrong.py", "none")
    (folder / "expected-failures.txt").write_text("nonsense\n")
    result = run("--gradparity-port", "mine")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: */expected-failures.txt:1: expected `pattern: why it fails`, came 'nonsense'"])


def test_with_xdist_what_is_wrong_ends_the_run_before_its_workers(run: Run) -> None:
    pytest.importorskip("xdist")
    result = run("-p", "xdist.plugin", "-n", "2", "--gradparity-port=nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --gradparity-port nowhere: no such port; there are *"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_a_case_file_is_relative_to_the_settings(
    run: Run, port: Callable[..., Path], pytester: pytest.Pytester
) -> None:
    port("wrong.py", "none")
    (pytester.path / "mine.toml").write_text("sizes = [6, 5, 3]\n")
    result = run("--gradparity-port", "mine", "-o", "gradparity_cases=mine.toml", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["gradparity::mine::random-6-5-3-relu-n7-float64 PASSED*"])


def test_missing_data_fails_with_how_to_get_it(
    run: Run, port: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port("wrong.py", "none")
    monkeypatch.setenv("GRADPARITY_DATA", "/no/such/folder")
    result = run("--gradparity-port", "mine", "-o", "gradparity_cases=mnist-784-50-10-relu-n100-float64")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["/no/such/folder: no such folder; give the folder of the four IDX files*"])
    assert "During handling" not in result.stdout.str()
