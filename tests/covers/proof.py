"""Runs claiming tests in realms from which the claimed member is taken away: each must fail then.

A function, method or constructor throws; an event does not reach its listeners; an enum or lookup is empty.
Tests that drive a realm in another process, or one made of files of their own, cannot be proved: claim
another test.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.covers.claims import ROOT, Claim
from voxrun.realm import realm, sources

SABOTAGE = """\
(function (V) {
  const { member, kind, value } = %s;
  const at = member.lastIndexOf(".");
  const owner = member.slice(0, Math.max(at, 0)), name = member.slice(at + 1);
  const gone = () => { throw new Error(member + " was taken away"); };
  const put = (holder, value) =>
    Object.defineProperty(holder, name, { value, writable: true, configurable: true });
  const take = (holder) => put(holder, kind === "function" ? gone : {});
  const find = (path, holder) => path.reduce((found, word) => (found ? found[word] : undefined), holder);

  if (kind === "event") {
    const { dispatch } = V;
    V.dispatch = (object, event, data) => (event === value ? [] : dispatch(object, event, data));
  } else if (kind === "method") {
    const { register, expose } = V;
    // Whatever is written to it later is lost.
    const spoil = (object) =>
      Object.defineProperty(object, name, { get: () => gone, set() {}, configurable: true });
    V.register = (id, object) => {
      const registered = register(id, object);
      if (V.labelOf(object) === owner) spoil(object);
      return registered;
    };
    // Objects that the scenario constructs, and methods on a prototype.
    const patched = (made) => {
      if (made.prototype && name in made.prototype) put(made.prototype, gone);
      const construct = (target, args, maker) => {
        const object = Reflect.construct(target, args, maker);
        spoil(object);
        return object;
      };
      return new Proxy(made, { construct });
    };
    V.expose = (exposed, made) =>
      expose(exposed, exposed === owner && typeof made === "function" ? patched(made) : made);
    const made = find(owner.split("."), globalThis);
    if (typeof made === "function" && made.prototype && name in made.prototype) put(made.prototype, gone);
  } else {
    const [root, ...rest] = owner.split(".");
    const { expose, loadModule, namespace } = V;
    const retake = () => {
      const holder = owner === "" ? globalThis : find([root, ...rest], globalThis);
      if (holder !== undefined) take(holder);
    };
    const nothing = kind === "function" ? gone : {};
    V.expose = (exposed, made) => expose(exposed, exposed === member ? nothing : made);
    V.namespace = (id, named, made) => {
      if (owner === "" && named === member) return namespace(id, named, gone);
      const whole = namespace(id, named, made);
      if (named === root) take(find(rest, made));
      return whole;
    };
    V.loadModule = (id) => {
      const loaded = loadModule(id); // a file of a module may bring members of what is there
      if (owner !== "") retake();
      return loaded;
    };
    retake();
  }
})
"""


def platform_without(member: str, kind: str, value: str) -> sources.Platform:
    """The platform's files and one more that takes ``member`` away."""
    whole = sources.platform()
    code = SABOTAGE % json.dumps({"member": member, "kind": kind, "value": value})
    files = [(file.name, file.source) for file in whole.files]
    return sources.lay_out([*files, ("sabotage.js", code)], [(m.name, m.source) for m in whole.modules])


class Proof:
    """A pytest plugin. ``plan``: test function -> members to take away."""

    def __init__(self, plan: dict[str, list[str]], kinds: dict[str, tuple[str, str]]) -> None:
        self._plan = plan
        self._kinds = kinds
        self.broken: dict[str, bool] = {}
        """Member -> whether a run of its test failed without it."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool:
        function = item.nodeid.partition("[")[0]
        for member in self._plan.get(function, []):
            if not self.broken.get(member):
                self.broken[member] = self._fails_without(item, member)
        return True

    def _fails_without(self, item: pytest.Item, member: str) -> bool:
        without = platform_without(member, *self._kinds[member])
        realm.platform = lambda: without
        try:
            reports = runtestprotocol(item, log=False, nextitem=None)
        finally:
            realm.platform = sources.platform
            item._initrequest()  # type: ignore[attr-defined]
        return any(report.failed for report in reports)


def prove(claims: Sequence[Claim], kinds: dict[str, tuple[str, str]]) -> list[str]:
    """Members whose test passes although they are gone. ``kinds``: member -> (kind, value of an event).

    Raises RuntimeError when a test cannot be run at all.
    """
    plan: dict[str, list[str]] = defaultdict(list)
    for member, test in _one_each(claims).items():
        plan[test].append(member)
    hypothesis.settings.register_profile("proof", database=None, phases=[hypothesis.Phase.generate])
    hypothesis.settings.load_profile("proof")
    proof = Proof(plan, kinds)
    arguments = [
        "-q",
        "--continue-on-collection-errors",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--no-summary",
        f"--rootdir={ROOT}",
    ]
    pytest.main([*arguments, *(str(ROOT / test) for test in plan)], plugins=[proof])
    if unknown := sorted({test for test, members in plan.items() if members[0] not in proof.broken}):
        raise RuntimeError(f"these tests did not run: {', '.join(unknown)}")
    return sorted(member for member, broken in proof.broken.items() if not broken)


def _one_each(claims: Iterable[Claim]) -> dict[str, str]:
    """The test of each member that the table names."""
    return {claim.member: claim.test for claim in sorted(claims, reverse=True)}
