from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voxrun.config import Settings, find_config, load_settings
from voxrun.errors import ConfigError


class Project:
    """A folder with a scenario and perhaps a voxrun.toml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scenarios").mkdir()
        self.toml = folder / "voxrun.toml"

    def load(self, toml: str = "", env: dict[str, str] | None = None, **options: Any) -> Settings:
        if toml:
            self.toml.write_text(toml, encoding="utf-8")
        named = {name.replace("__", "."): value for name, value in options.items()}
        return load_settings(
            [Path("scenarios/a.js")], env=env or {}, cwd=self.folder, options=named, secrets=None
        )

    def refused(self, toml: str = "", env: dict[str, str] | None = None, **options: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(toml, env, **options)
        return str(caught.value).replace(str(self.folder), "")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_without_anything_the_server_is_on_loopback_and_the_ai_local(project: Project) -> None:
    settings = project.load()
    assert settings.server.is_loopback
    assert settings.server.port == 8080
    assert settings.ai.mode == "local"
    assert "ULTRAVOX_API_KEY is not set" in settings.ai.why
    assert settings.media.ice_servers == ()
    assert settings.sessions.record
    assert settings.sessions.folder == project.folder / ".voxrun/sessions"
    assert settings.limits.timers == 100
    assert settings.file is None


def test_the_command_line_wins_over_environment_over_file_over_defaults(project: Project) -> None:
    toml = "[server]\nport = 1\n"
    env = {"VOXRUN_SERVER_PORT": "2"}
    assert project.load(toml).server.port == 1
    assert project.load(toml, env).server.port == 2
    assert project.load(toml, env, server__port=3).server.port == 3


def test_the_nearest_file_upward_from_the_scenario_is_used(project: Project) -> None:
    project.toml.write_text("[server]\nport = 1\n")
    near = project.folder / "scenarios" / "voxrun.toml"
    assert find_config(near.parent) == project.toml
    near.write_text("[server]\nport = 2\n")
    settings = project.load()
    assert settings.server.port == 2
    assert settings.file == near


def test_paths_in_the_file_are_relative_to_it_and_others_to_the_working_folder(project: Project) -> None:
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    project.toml.write_text('[sessions]\ndir = "kept"\n')
    scenario = project.folder / "scenarios" / "a.js"
    settings = load_settings([scenario], env={}, cwd=elsewhere)
    assert settings.sessions.folder == project.folder / "kept"
    settings = load_settings([scenario], env={}, cwd=elsewhere, options={"sessions.dir": Path("x")})
    assert settings.sessions.folder == elsewhere / "x"


def test_the_cloud_is_used_by_itself_only_with_a_key(project: Project) -> None:
    settings = project.load(env={"ULTRAVOX_API_KEY": "k"})
    assert settings.ai.mode == "cloud"
    assert settings.secrets["ULTRAVOX_API_KEY"] == "k"
    assert project.load(env={"ULTRAVOX_API_KEY": "k"}, ai__mode="local").ai.mode == "local"
    assert project.load(env={"ULTRAVOX_API_KEY": ""}).ai.mode == "local"


def test_secrets_come_from_environment_file_and_command_line_in_this_order(project: Project) -> None:
    (project.folder / ".env").write_text("ULTRAVOX_API_KEY=file\nA=file\nB=file\n")
    settings = load_settings(
        env={"ULTRAVOX_API_KEY": "variable"},
        cwd=project.folder,
        options={"secrets.env_file": Path(".env")},
        secrets={"B": "line"},
    )
    assert dict(settings.secrets) == {"ULTRAVOX_API_KEY": "file", "A": "file", "B": "line"}


def test_no_secret_shows_in_the_settings(project: Project) -> None:
    settings = load_settings(
        env={"VOXRUN_SERVER_TOKEN": "hunter2", "ULTRAVOX_API_KEY": "hunter2"},
        cwd=project.folder,
        secrets={"A": "hunter2"},
    )
    assert settings.server.token == "hunter2"
    assert "hunter2" not in repr(settings)


def test_limits_can_be_raised(project: Project) -> None:
    limits = project.load("[limits]\ntimers = 500\n").limits
    assert (limits.timers, limits.players) == (500, 10)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[server]\nprot = 1\n", '/voxrun.toml:2: unknown key "prot" in [server]. Did you mean "port"?'),
        ("\n[sever]\nport = 1\n", '/voxrun.toml:2: unknown section "sever". Did you mean "server"?'),
        (
            "[limits]\ntimer = 1\n",
            '/voxrun.toml:2: unknown limit "timer" in [limits]. Did you mean "timers"?',
        ),
        ("[limits]\ntimers = 0\n", "/voxrun.toml:2: limits.timers must be a whole number above 0."),
        ('[server]\nport = "x"\n', "/voxrun.toml:2: server.port must be a whole number from 0 to 65535."),
        ('[ai]\nmode = "x"\n', '/voxrun.toml:2: ai.mode must be one of "auto", "cloud", "local".'),
        ("server = 1\n", '/voxrun.toml:1: "server" is a section: write [server].'),
    ],
)
def test_a_mistake_in_the_file_names_file_line_and_the_right_way(
    project: Project, toml: str, message: str
) -> None:
    assert project.refused(toml) == message


def test_broken_toml_is_told_with_its_column(project: Project) -> None:
    assert project.refused("[server\n").startswith("/voxrun.toml:1:8: not valid TOML")


def test_a_wrong_environment_variable_is_named(project: Project) -> None:
    message = project.refused(env={"VOXRUN_SERVER_PORT": "many"})
    assert message == "environment variable VOXRUN_SERVER_PORT must be a whole number from 0 to 65535."
    message = project.refused(env={"VOXRUN_SERVER_PROT": "1"})
    assert message.startswith("environment variable VOXRUN_SERVER_PROT is unknown")
    assert "VOXRUN_SERVER_PORT" in message


def test_variables_of_others_are_left_alone(project: Project) -> None:
    project.load(env={"VOXRUN_DEBUG": "1", "VOXRUN_PYTHON": "x", "SERVER_PORT": "y"})


def test_an_address_that_others_reach_wants_a_decision_about_tls(project: Project) -> None:
    message = project.refused(server__host="0.0.0.0")
    assert "--tls self-signed" in message
    assert not project.load(server__host="0.0.0.0", server__tls="off").server.is_loopback
    for host in ("localhost", "::1", "127.0.0.2"):
        assert project.load(server__host=host).server.is_loopback


def test_tls_wants_both_files_and_they_must_exist(project: Project) -> None:
    (project.folder / "cert.pem").touch()
    assert "both" in project.refused(server__tls_cert=Path("cert.pem"))
    assert "no such file" in project.refused(
        server__tls_cert=Path("cert.pem"), server__tls_key=Path("key.pem")
    )


def test_a_missing_agent_file_is_told(project: Project) -> None:
    assert project.refused('[ai]\nagent = "x.agent.yaml"\n') == "/x.agent.yaml: no such agent file."
