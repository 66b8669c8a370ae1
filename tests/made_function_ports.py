"""Ports for functions, made by `gradparity new --reference` and filled in, and what of them is checked."""

from __future__ import annotations

from pathlib import Path

from gradparity.functions.cases import FunctionSpec, select_function_cases
from gradparity.functions.loading import read_reference
from gradparity.ports.manifest import Port
from gradparity.ports.new import FUNCTION_TEMPLATES, Functions, find_template, make_port, templates

REFERENCE = Path(__file__).parent / "user_functions.py"
SOLUTIONS = Path(__file__).parent / "solutions" / "functions"
LANGUAGES = list(templates(FUNCTION_TEMPLATES))
# In these the type of all numbers is chosen in one place: as the template has it, and the other one.
SINGLE = {
    "c": ("typedef double my_real", "typedef float my_real"),
    "cpp": ("using Real = double", "using Real = float"),
    "go": ("type Real = float64", "type Real = float32"),
    "java": ("double", "float"),
    "rust": ("type Real = f64", "type Real = f32"),
}
BOTH = ("javascript", "julia", "python")  # one and the same code computes in either


def functions() -> Functions:
    """What the ports are made for."""
    found = read_reference(REFERENCE).functions.values()
    return Functions(str(REFERENCE), [one.signature() for one in found])


def fresh(language: str, folder: Path) -> Port:
    """The port as it is made."""
    return make_port(find_template(language, FUNCTION_TEMPLATES), folder, language, functions())


def filled_in(name: str, folder: Path) -> Port:
    """The port with its one file filled in, "rust-float32" in single precision."""
    language, _, single = name.partition("-")
    template = find_template(language, FUNCTION_TEMPLATES)
    port = make_port(template, folder, name, functions())
    [solution] = [path for path in (SOLUTIONS / language).rglob("*") if path.name == Path(template.about.open).name]
    text = solution.read_text(encoding="utf-8")
    if single:
        double, float32 = SINGLE[language]
        assert double in text
        text = text.replace(double, float32)
    (folder / template.about.open).write_text(text, encoding="utf-8")
    if (folder / "Cargo.toml").exists():  # a fifth of the time; a fresh port is built as the template says
        (folder / ".cargo").mkdir()
        (folder / ".cargo" / "config.toml").write_text("[profile.release]\nopt-level = 0\n")
    return port


def cases() -> dict[str, FunctionSpec]:
    """The small ones, and one past the usual blocks."""
    chosen = ("*-n5-*", "*-n1-*", "*-n0-*", "ridge-n67-*")
    found = select_function_cases(read_reference(REFERENCE).functions, chosen)
    return {name: spec for name, spec in found.items() if max(spec.sizes.values()) < 100}
