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
    const { expose, register } = V;
    V.register = (id, object) => {
      const registered = register(id, object);
      if (V.labelOf(object) === owner) put(object, gone);
      return registered;
    };
    const onPrototype = (made) => {
      if (typeof made === "function" && made.prototype && name in made.prototype) put(made.prototype, gone);
    };
    const missing = { get: gone, set() {}, configurable: true };
    const construct = (target, given, newTarget) => {
      const object = Reflect.construct(target, given, newTarget);
      return Object.hasOwn(object, name) ? Object.defineProperty(object, name, missing) : object;
    };
    V.expose = (exposed, made) => {
      if (exposed !== owner) return expose(exposed, made);
      onPrototype(made);
      return expose(exposed, typeof made === "function" ? new Proxy(made, { construct }) : made);
    };
    const made = find(owner.split("."), globalThis);
    onPrototype(made);
  } else {
    const [root, ...rest] = owner.split(".");
    const { namespace } = V;
    V.namespace = (id, named, made) => {
      const whole = namespace(id, named, made);
      if (member === named) take(globalThis);
      else if (named === root) take(find(rest, made));
      return whole;
    };
    const holder = owner === "" ? globalThis : find([root, ...rest], globalThis);
    if (holder !== undefined) take(holder);
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
    """Members whose test passes although they are gone. ``kinds``: member -> (kind, value of an event)."""
    plan: dict[str, list[str]] = defaultdict(list)
    for member, test in _one_each(claims).items():
        plan[test].append(member)
    hypothesis.settings.register_profile("proof", database=None, phases=[hypothesis.Phase.generate])
    hypothesis.settings.load_profile("proof")
    proof = Proof(plan, kinds)
    arguments = ["-q", "-p", "no:cacheprovider", "--no-header", "--no-summary", f"--rootdir={ROOT}"]
    pytest.main([*arguments, *(str(ROOT / test) for test in plan)], plugins=[proof])
    return sorted(member for members in plan.values() for member in members if not proof.broken.get(member))


def _one_each(claims: Iterable[Claim]) -> dict[str, str]:
    """The test of each member that the table names."""
    return {claim.member: claim.test for claim in sorted(claims, reverse=True)}
