"""One small change of a Python file at a time, of the kind that ports get wrong: another sign, axis, constant, operand.

Each is a change of the text, so that what is shown is what is run. Left as they are: decorators, annotations, what is
raised, the conditions of while loops, and ``keepdims``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip
PAIRS = (
    ("sum", "mean"), ("maximum", "minimum"), ("max", "min"), ("argmax", "argmin"), ("exp", "expm1"), ("log", "log1p"),
    ("sin", "cos"), ("sinh", "cosh"), ("floor", "ceil"), ("var", "std"), ("any", "all"), ("triu", "tril"),
    ("zeros", "ones"), ("zeros_like", "ones_like"), ("cumsum", "cumprod"),
)  # fmt: skip
RENAMED = dict(PAIRS) | {b: a for a, b in PAIRS}
BUILTIN = {"max", "min", "any", "all"}  # of the pairs, those that need no NumPy
DROPPED = {"abs", "absolute", "fabs", "transpose", "copy", "sort", "conj", "square", "sqrt"}
SPREADS = {"var", "std"}
ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Pass, ast.AugAssign)
LEFT_ALONE = (ast.JoinedStr, ast.Raise, ast.Assert, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Mutation:
    """A change in a function or class of the file: the line, what stood there and what does now, and that line then."""

    owner: str
    line: int
    old: str
    new: str
    changed: str
    source: str  # of the whole file

    @property
    def instead(self) -> str:
        """What stands there now, without parentheses that only hold it together."""
        return self.new if self.new == "pass" else ast.unparse(ast.parse(self.new).body[0])

    def __str__(self) -> str:
        return f"{self.old} -> {self.new}"


def mutations(source: str, owners: set[str]) -> Iterator[Mutation]:
    """Each change of these functions and classes of a file, in the order of the text."""
    for name, node in definitions(source).items():
        if name in owners:
            for old, new in _changes(node):
                yield _mutation(name, source, old, _written(old, new))


def definitions(source: str) -> dict[str, ast.AST]:
    """The functions and classes of a file by name."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in ast.parse(source).body if isinstance(node, kinds)}


def reached(source: str, name: str) -> set[str]:
    """Which of the file's functions and classes one names, it itself, and those that these name in turn; but for what
    declares them, as what draws their inputs.
    """
    nodes, found, waiting = definitions(source), set(), [name]
    while waiting:
        one = waiting.pop()
        if one in nodes and one not in found:
            found.add(one)
            parts = [part for child in _children(nodes[one]) for part in ast.walk(child)]
            waiting += [part.id for part in parts if isinstance(part, ast.Name)]
    return found


def _mutation(owner: str, source: str, old: ast.AST, new: str) -> Mutation:
    """The text with ``new`` instead of the node. Columns count bytes of UTF-8."""
    assert isinstance(old, ast.expr | ast.stmt) and old.end_lineno and old.end_col_offset
    lines = source.encode().splitlines(keepends=True)
    first, last = old.lineno - 1, old.end_lineno - 1
    was = b"".join(lines[first : last + 1])
    end = len(was) - len(lines[last]) + old.end_col_offset
    line = was[: old.col_offset] + new.encode() + was[end:]
    text = b"".join([*lines[:first], line, *lines[last + 1 :]])
    shown = b" ".join(line.split()).decode()
    return Mutation(owner, old.lineno, " ".join(was[old.col_offset : end].decode().split()), new, shown, text.decode())


def _written(old: ast.AST, new: ast.AST) -> str:
    """As text, in parentheses where the text around it might tear it apart."""
    text = ast.unparse(new)
    match old, new:
        case ast.BinOp(op=before), ast.BinOp(op=after):
            is_whole = {type(before), type(after)} in ({ast.Add, ast.Sub}, {ast.Mult, ast.Div})
        case _:
            is_whole = isinstance(new, ATOMS) or type(old) is type(new) is ast.Compare
    return text if is_whole else f"({text})"


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What may be changed in it, and into what."""
    for new in _instead(node):
        yield node, new
    for child in _children(node):
        yield from _changes(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    skipped = {"decorator_list", "annotation", "returns"} | ({"test"} if isinstance(node, ast.While) else set())
    for name, value in ast.iter_fields(node):
        for one in value if isinstance(value, list) else [value]:
            is_left = isinstance(one, LEFT_ALONE) or (isinstance(one, ast.keyword) and one.arg == "keepdims")
            if isinstance(one, ast.AST) and name not in skipped and not is_left:
                yield one


def _instead(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    match node:
        case ast.BinOp(left, op, right):
            if type(op) in OPERATORS:
                yield ast.BinOp(left, OPERATORS[type(op)](), right)
            if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.MatMult | ast.Pow):
                yield left
            if isinstance(op, ast.Add | ast.Mult | ast.MatMult):
                yield right
        case ast.AugAssign(target, op, value):
            if type(op) in OPERATORS:
                yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Pass()
        case ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()
        case ast.Compare(left, [op], right) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], right)
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            yield operand
        case ast.IfExp(_, body, other):
            yield from (body, other)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.Constant(value):
            yield from map(ast.Constant, _other_constants(value))
        case ast.Attribute(value, "T" | "mT"):
            yield value
        case ast.Slice(None, ast.expr() as upper, step):
            yield ast.Slice(ast.Constant(1), upper, step)
        case ast.Slice(ast.expr() as lower, None, step):
            yield ast.Slice(lower, ast.UnaryOp(ast.USub(), ast.Constant(1)), step)
        case ast.Call():
            yield from _other_calls(node)


def _axis(call: ast.Call) -> int | None:
    """Of NumPy's function, not of a method; where it is one number."""
    named = {one.arg: one.value for one in call.keywords}
    match call.func, named.get("axis"):
        case ast.Attribute(ast.Name("np" | "numpy")), ast.Constant(int(axis)):
            return axis
    return None


def _over_one_less(call: ast.Call, terms: ast.expr, axis: int) -> ast.AST:
    """The sum over n - 1, for the mean over n: a variance with ddof 1."""
    assert isinstance(call.func, ast.Attribute)
    numpy = call.func.value
    total = ast.Call(ast.Attribute(numpy, "sum", ast.Load()), call.args, call.keywords)
    shape = ast.Call(ast.Attribute(numpy, "shape", ast.Load()), [terms], [])
    length = ast.Subscript(shape, ast.Constant(axis), ast.Load())
    return ast.BinOp(total, ast.Div(), ast.BinOp(length, ast.Sub(), ast.Constant(1)))


def _other_constants(value: object) -> list[bool | int | float]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [{0: 1, 1: 0}.get(value, value + 1), *([1] if value == 2 else [])]
    if isinstance(value, float):
        return [-value if value else 1.0, *([0.0] if value == 1 else [])]
    return []


def _other_calls(call: ast.Call) -> Iterator[ast.AST]:
    """Another function, or none; another argument."""
    func, args, keywords = call.func, call.args, call.keywords
    match func:
        case ast.Attribute(value, name, ctx) if name in RENAMED:
            yield ast.Call(ast.Attribute(value, RENAMED[name], ctx), args, keywords)
        case ast.Name(name, ctx) if name in BUILTIN:
            yield ast.Call(ast.Name(RENAMED[name], ctx), args, keywords)
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name == "mean" and args and (axis := _axis(call)) is not None:
        yield _over_one_less(call, args[0], axis)
    if name in DROPPED and args:
        yield args[0]
    elif name in DROPPED and isinstance(func, ast.Attribute):
        yield func.value
    if name in SPREADS and "ddof" not in {one.arg for one in keywords}:
        yield ast.Call(func, args, [*keywords, ast.keyword("ddof", ast.Constant(1))])
    if name == "where" and len(args) == 3:
        yield ast.Call(func, [args[0], args[2], args[1]], keywords)
    if name in ("maximum", "minimum"):
        yield from args
    if name == "range":
        at = min(len(args), 2) - 1
        yield ast.Call(func, [*args[:at], ast.BinOp(args[at], ast.Sub(), ast.Constant(1)), *args[at + 1 :]], keywords)
