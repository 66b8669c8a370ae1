"""docs/examples: the ports of seven functions in three languages agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import PATIENCE, required
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.options import Options
from gradparity.check.question import decidable
from gradparity.check.records import CheckResult
from gradparity.check.run import run_check
from gradparity.functions.cases import FunctionSpec, suite_of
from gradparity.functions.loading import read_reference
from gradparity.ports.info import State
from gradparity.ports.manifest import Port
from gradparity.ports.new import FUNCTION_TEMPLATES, Functions, find_template, make_port

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LANGUAGES = ("julia", "r", "rust")


def made(language: str, folder: Path) -> Port:
    """The port of the examples."""
    template = find_template(language, FUNCTION_TEMPLATES)
    functions = read_reference(EXAMPLES / "reference.py").functions.values()
    port = make_port(template, folder, language, Functions("reference.py", [one.signature() for one in functions]))
    opened = Path(template.about.open)
    (folder / opened).write_text((EXAMPLES / opened.name).read_text(encoding="utf-8"), encoding="utf-8")
    if language == "rust":  # a fifth of the time
        (folder / ".cargo").mkdir()
        (folder / ".cargo" / "config.toml").write_text("[profile.release]\nopt-level = 1\n")
    return port


def cases() -> dict[str, FunctionSpec]:
    """Those of a few numbers, and of each function one that is not."""
    found: dict[str, FunctionSpec] = {}
    for function in read_reference(EXAMPLES / "reference.py").functions.values():
        suite = suite_of(function)
        small = [spec for spec in suite if spec.sizes == function.first_sizes() and spec.dtype == "float64"]
        past = [spec for spec in suite if next(iter(spec.sizes.values())) == 67]
        found |= {spec.name: spec for spec in [*small, *past[:1]]}
    return found


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    """All three in one check."""
    folder = tmp_path_factory.mktemp("examples")
    runners = [made(language, folder / language).runners[0] for language in LANGUAGES]
    specs, left_out = decidable(cases(), [0], 1)
    options = Options(seconds=PATIENCE, hello_seconds=PATIENCE)
    infos, results, _ = run_check(runners, specs, [0], options, lambda news: None)
    return CheckResult(runners=infos, cases=results, left_out=left_out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_example_agrees_by_a_wide_margin(language: str, checked: CheckResult) -> None:
    [info] = [one for one in checked.runners if one.runner == language]
    if info.state is State.NOT_AVAILABLE and not required():
        pytest.skip(info.reason)
    assert info.state is State.READY, f"{info.reason}\n{info.stderr}"
    own = [case for case in checked.cases if case.runner == language]
    assert len({case.function for case in own}) == 7
    for case in own:
        wrong = [f"{cell.array}: {cell.verdict}: {cell.detail}" for cell in case.cells if not cell.verdict.passes]
        assert not wrong, "\n".join([case.case, *wrong, case.stderr])
        assert max(cell.ratio or 0 for cell in case.cells) < 0.6, case.case


def test_nothing_is_left_out_silently(checked: CheckResult) -> None:
    assert not checked.left_out
    assert Verdict.WRONG not in {case.verdict for case in checked.cases}
