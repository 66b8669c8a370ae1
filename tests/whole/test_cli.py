"""The command as a stranger runs it: what it prints, its exit code, and never a traceback.

All in this process, where an exception would be one. What a signal ends is in tests/whole.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Gradparity, fake_port
from gradparity import __main__
from gradparity.check.records import CheckResult
from gradparity.check.wording import place
from gradparity.cli import COMMANDS, cli
from gradparity.errors import DataMissing
from sample_run import agreeing

ONE = "random-5-4-3-relu-n2-float64-numerical"


def mine(folder: Path, script: str, argument: str) -> Path:
    """The folder of a port called mine."""
    return fake_port(folder, script, argument, name="mine").folder


def test_agreement_is_exit_0(gradparity: Gradparity) -> None:
    done = gradparity("check", "--port", "python", "--case", ONE)
    assert done.returncode == 0
    assert "agreement - 1 runner x 1 case: 1 identical" in done.stdout
    for quantity in ("layers", "trace", "loss", "gradient", "numerical gradient", "predict", "accuracy", "state"):
        assert quantity in done.stdout


def test_a_disagreement_is_exit_1_and_names_the_case_and_the_command_that_shows_it(
    tmp_path: Path, gradparity: Gradparity
) -> None:
    port = mine(tmp_path, "wrong.py", "batch-size")
    done = gradparity("check", "--port", str(port), "--case", ONE, "--seeds", "3")
    assert done.returncode == 1
    assert "mine wrong in 1 case, first at gradient dW2 (the layers called alone are right)" in done.stdout
    assert "sum for mean: not divided by the batch size" in done.stdout
    assert "gradient dW2: dW2[" in done.stdout
    assert "disagreement - " in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.startswith("    gradparity check"))
    again = gradparity(*line.split()[1:])
    assert again.returncode == 1
    assert "dW2[" in again.stdout


def test_a_port_that_dies_is_exit_3_with_its_last_words(tmp_path: Path, gradparity: Gradparity) -> None:
    done = gradparity("check", "--port", mine(tmp_path, "faulty.py", "kill"), "--port", "python", "--case", ONE)
    assert done.returncode == 3
    assert "mine could not run in 1 case, for one: gradient: it was killed by SIGKILL" in done.stdout
    assert "    | about to kill" in done.stdout
    assert "incomplete - 2 runners x 1 case: 1 identical, 1 could not run" in done.stdout


def test_json_is_the_record_and_nothing_else(tmp_path: Path, gradparity: Gradparity) -> None:
    port = mine(tmp_path, "wrong.py", "one-element")
    done = gradparity("check", "--port", str(port), "--case", ONE, "--json")
    assert done.returncode == 1
    record = CheckResult.model_validate_json(done.stdout)
    assert record.exit_code == 1
    assert {cell.array for cell in record.cases[0].cells if cell.verdict == "wrong"} == {"dW1"}
    told = record.cases[0].diagnosis
    assert told is not None
    assert (place(told.where), told.explanations) == ("gradient dW1", []), "one wrong element is no known bug"
    json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], "No such command 'chek'"),
        (["check", "--nope"], "No such option"),
        (["check", "--port", "nope"], "--port nope: no such port; there are cpp, javascript, julia"),
        (["check", "--case", "nope"], "--case nope: no such case"),
        (["check", "--case", "none.toml"], "none.toml"),
        (["check", "--dtype", "float16"], "'float16' is not one of"),
        (["check", "--seeds", "1-"], "expected seeds like 3, 1,5,9 or 0-4, came '1-'"),
        (["check", "--seeds", "-1"], "expected seeds like"),
        (["check", "--seeds", "5-3"], "expected seeds like"),
        (["check", "--seeds", "0-4000000000"], "expected seeds like"),
        (["check", "--threads", "0"], "0 is not in the range"),
        (["check", "--timeout", "x"], "'x' is not a valid float"),
        (["check", "--data-dir", "none"], "none: no such folder"),
        (["doctor", "--port", "nope"], "no such port"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_line(
    arguments: list[str], words: str, tmp_path: Path, gradparity: Gradparity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = gradparity(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def test_a_malformed_port_toml_is_exit_2_and_one_line(tmp_path: Path, gradparity: Gradparity) -> None:
    (tmp_path / "port.toml").write_text('name = "mine"')
    done = gradparity("check", "--port", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "port.toml: language: field required" in done.stderr


def test_a_damaged_data_folder_is_exit_2_and_one_line(tmp_path: Path, gradparity: Gradparity) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    done = gradparity("check", "--port", "python", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected SHA-256" in done.stderr


def test_a_pattern_leaves_out_the_cases_whose_data_is_not_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(*_: object) -> None:
        raise DataMissing("no MNIST here")

    monkeypatch.setattr("gradparity.suite.load_mnist", missing)
    command = ["check", "--port", "python", "--case"]
    assert cli.main([*command, "*-50-*-relu-*64", "--case", ONE], standalone_mode=False) == 0
    out = capsys.readouterr().out
    assert "left out: 1 MNIST cases: no MNIST here" in out and "x 1 case: 1 identical" in out
    for asked in (["mnist-*"], ["mnist-784-50-10-relu-n100-float64", "--case", ONE]):
        with pytest.raises(DataMissing):
            cli.main([*command, *asked], standalone_mode=False)


def test_doctor_names_the_runtime_and_its_blas(gradparity: Gradparity) -> None:
    done = gradparity("doctor", "--port", "python")
    assert done.returncode == 0
    assert "ready" in done.stdout
    assert "NumPy" in done.stdout


def test_doctor_says_what_to_install(tmp_path: Path, gradparity: Gradparity) -> None:
    done = gradparity("doctor", "--port", mine(tmp_path, "faulty.py", "not-available"))
    assert done.returncode == 3
    assert "mine not available: no runtime here\n    a fake" in done.stdout


def test_an_interrupt_while_it_is_imported_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> None:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "gradparity.cli", Interrupted("gradparity.cli"))
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "gradparity: interrupted\n")


def test_nothing_compared_is_no_agreement(tmp_path: Path, gradparity: Gradparity) -> None:
    port = mine(tmp_path, "wrong.py", "no-float32")
    done = gradparity("check", "--port", str(port), "--dtype", "float32", "--case", "random-9-6-4-relu-n7-*")
    assert done.returncode == 3
    assert "agreement" not in done.stdout


def test_without_a_command_it_shows_the_commands(gradparity: Gradparity) -> None:
    done = gradparity()
    assert done.returncode == 2
    assert "Compare the ports' gradients" in done.stdout


def test_cases_lists_the_suite(gradparity: Gradparity) -> None:
    done = gradparity("cases")
    assert ONE in done.stdout.splitlines()


def test_help_names_every_command(gradparity: Gradparity) -> None:
    done = gradparity("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"  {command} " in done.stdout


def test_help_and_check_wait_for_no_library_that_they_do_not_need() -> None:
    code = """
import sys
from gradparity.cli import COMMANDS, cli
cli.main(["--help"], standalone_mode=False)
cli.main(["check", "--help"], standalone_mode=False)
print("loaded:", [name for name in ("scipy", "plotext", "vl_convert", "jinja2", "altair") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded: []\n")


def test_mutants_are_checked_on_the_cases_that_are_named(gradparity: Gradparity) -> None:
    mutant = ("mutants", "--port", "python", "--mutant", "relu: mask inverted", "--case")
    assert gradparity(*mutant, ONE).returncode == 0
    done = gradparity(*mutant, ONE.replace("relu", "sigmoid"))
    assert done.returncode == 1 and "survived" in done.stdout, "a case without relu cannot tell"


def test_random_faults_are_told_with_what_shows_them_again(gradparity: Gradparity) -> None:
    done = gradparity("mutants", "--random", "1", "--from", "35")
    assert done.returncode == 0 and "gradparity mutants --random 1 --seed 0 --from 35" in done.stdout
    for options, word in (
        (("--seed", "1"), "--seed: expected with --random"),
        (("--random", "1", "--port", "python"), "--port: --random puts faults"),
    ):
        done = gradparity("mutants", *options)
        assert done.returncode == 2 and word in done.stderr


def test_a_screen_can_be_saved(tmp_path: Path, gradparity: Gradparity) -> None:
    path = tmp_path / "screen.svg"
    assert gradparity("check", "--port", "python", "--case", ONE, "--svg", str(path)).returncode == 0
    assert "agreement" in path.read_text()
    assert "url(http" not in path.read_text(), "a picture that opens without a network"


QUICK = ("bench", "--port", "python", "--case", ONE, "--budget", "0.1")


@pytest.mark.usefixtures("scripted")
def test_a_benchmark_is_measured_saved_and_compared(tmp_path: Path, gradparity: Gradparity) -> None:
    path = str(tmp_path / "before.json")
    first = gradparity(*QUICK, "--save", path)
    assert first.returncode == 0, first.stderr
    assert "python again" in first.stdout and "measured - 1 group in" in first.stdout
    second = gradparity(*QUICK, "--compare", path, "--json")
    assert second.returncode == 0
    record = json.loads(second.stdout)
    assert record["kind"] == "bench" and record["groups"][0]["series"][0]["samples"]
    assert record["command"].endswith(f"--compare {path} --json")


@pytest.mark.usefixtures("scripted")
def test_a_baseline_of_another_benchmark_is_refused_before_anything_is_timed(
    tmp_path: Path, gradparity: Gradparity
) -> None:
    path, other = tmp_path / "before.json", agreeing().bench
    assert other
    path.write_text(other.model_dump_json())
    refused = gradparity(*QUICK, "--compare", str(path))
    assert refused.returncode == 2 and "another benchmark" in refused.stderr and "--anyway" in refused.stderr
    assert refused.stdout == ""
    told = gradparity(*QUICK, "--compare", str(path), "--anyway")
    assert told.returncode == 0 and "against the baseline" in told.stdout


@pytest.mark.usefixtures("scripted")
def test_a_port_that_dies_while_it_is_timed_is_exit_3_with_its_last_words(
    tmp_path: Path, gradparity: Gradparity
) -> None:
    port = mine(tmp_path, "clock.py", "dying")
    done = gradparity("bench", "--port", str(port), "--case", ONE, "--budget", "0.1")
    assert done.returncode == 3
    assert ": time: expected a reply, it exited with status 3" in done.stdout
    assert "    | about to die" in done.stdout
    assert "incomplete - " in done.stdout and "could not run: mine" in done.stdout


def test_the_libraries_are_told_without_timing(gradparity: Gradparity) -> None:
    done = gradparity("bench", "--port", "python", "--blas")
    assert done.returncode == 0 and done.stdout.split()[:4] == ["runner", "library", "and", "kernels"]
    assert "measured" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--compare", "no-such-baseline"), "no such baseline"),
        (("--budget", "-1"), "--budget"),
        (("--port", "nonsense"), "no such port"),
        (("--case", "nonsense"), "no such case"),
        (("--threads", "0"), "--threads"),
        (("--reference", "none.py", "--port", "python"), "--reference none.py: no such file"),
        (("--reference", "none.py"), "--reference: which port?"),
        (("--reference", "none.py", "--port", "python", "--peers"), "leave out --peers or --reference"),
    ],
)
def test_a_wrong_use_of_bench_is_one_line(arguments: tuple[str, ...], words: str, gradparity: Gradparity) -> None:
    done = gradparity("bench", *arguments)
    assert done.returncode == 2 and words in done.stderr


def test_a_training_of_ones_own_agrees_and_is_drawn(gradparity: Gradparity) -> None:
    done = gradparity("train", "--port", "python", "--data", "digits", "--sizes", "64,20,10", "--epochs", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "own: 64-20-10, float64, sgd" in done.stdout and "test accuracy by step" in done.stdout
    assert "agreement - 1 recipe x 1 runner: 1 identical" in done.stdout


def test_a_training_as_json_has_every_loss(gradparity: Gradparity) -> None:
    done = gradparity("train", "--port", "python", "--data", "digits", "--epochs", "1", "--optimizer", "adam", "--json")
    record = json.loads(done.stdout)
    assert done.returncode == 0 and len(record["results"][0]["losses"]) == 15
    assert record["envelopes"][0]["resolved"] == 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recipe", "nonsense"), "no such recipe"),
        (("--recipe", "r-post", "--lr", "1"), "leave those options out"),
        (("--sizes", "1,2,x"), "--sizes"),
        (("--lr", "0"), "--lr"),
        (("--optimizer", "magic"), "--optimizer"),
        (("--data-dir", "/nowhere"), "no such folder"),
    ],
)
def test_a_wrong_use_of_train_is_one_line(arguments: tuple[str, ...], words: str, gradparity: Gradparity) -> None:
    done = gradparity("train", *arguments)
    assert done.returncode == 2 and words in done.stderr
