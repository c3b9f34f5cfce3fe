"""The framework: made by initialize, opens its parts when they are asked for, closes them together."""

import threading

import pytest

import kindling
from kindling.errors import ConfigError, KindlingError, PluginError
from kindling.framework import FrameworkError, get_framework, initialize


@pytest.fixture
def project(tmp_path):
    (tmp_path / "kindling.yaml").write_text(
        "project: shop\n"
        "connections:\n"
        "  bronze: {type: local, path: ./data}\n"
        "  scratch: {type: memory, name: scratch-of-framework-tests}\n"
        "  wrong: {type: local, pth: ./data}\n"
    )
    return tmp_path


@pytest.fixture
def framework(project):
    with initialize("local", project=project) as framework:
        yield framework


def test_without_a_platform_and_evidence_it_is_the_laptop(project):
    with initialize(project=project) as framework:
        assert (framework.platform, framework.environment, framework.project) == ("local", "dev", "shop")


def test_the_platform_may_come_from_the_environment(project, monkeypatch):
    monkeypatch.setenv("KINDLING_PLATFORM", "nowhere")
    with initialize(project=project) as framework:
        assert framework.platform == "nowhere"
        with pytest.raises(PluginError, match="nowhere"):
            _ = framework.runner


def test_a_relative_folder_of_a_connection_is_the_projects(framework, project, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    framework.connections["bronze"].write("a.txt", b"hello")
    assert (project / "data" / "a.txt").read_bytes() == b"hello"


def test_two_projects_with_the_same_settings_have_two_places(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "kindling.yaml").write_text("connections: {bronze: {type: local, path: ./data}}\n")
    with initialize("local", project=project) as one, initialize("local", project=other) as two:
        one.connections["bronze"].write("a.txt", b"one")
        assert not two.connections["bronze"].exists("a.txt")


def test_a_connection_is_opened_once_also_by_many_threads(framework):
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(framework.connections["scratch"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(storage) for storage in seen}) == 1


def test_a_connection_that_does_not_hold_disturbs_only_who_asks_for_it(framework):
    assert set(framework.connections) == {"bronze", "scratch", "wrong"}
    with pytest.raises(ConfigError, match=r"did you mean 'path'|pth") as caught:
        framework.connections["wrong"]
    assert caught.value.location.line == 5


def test_an_unknown_connection_names_the_nearest(framework):
    with pytest.raises(KindlingError, match="there is no connection 'bronce'") as caught:
        framework.connections["bronce"]
    assert caught.value.code == "KDL-FWK-003"
    assert "did you mean 'bronze'?" in caught.value.suggestions
    assert framework.connections.get("bronce") is None  # a mapping's ordinary way to ask


def test_a_uri_is_opened_by_the_connection_that_has_it_else_by_its_scheme(framework, project):
    storage = framework.connections["bronze"]
    opened, path = framework.open_uri(storage.uri("in a folder/ä.csv"))
    assert opened is storage
    assert path == "in a folder/ä.csv"
    opened, path = framework.open_uri((project / "kindling.yaml").as_uri())
    assert opened.read(path).startswith(b"project: shop")
    with pytest.raises(PluginError, match="s3"):
        framework.open_uri("s3://bucket/key")


def test_the_last_framework_that_is_open_is_the_current_one(project):
    first = initialize("local", project=project)
    assert get_framework() is first
    second = kindling.initialize("local", project=project)
    assert kindling.get_framework() is second
    second.close()
    with pytest.raises(FrameworkError, match="no framework"):
        get_framework()
    first.close()


def test_a_closed_framework_says_so_and_closing_twice_does_nothing(project):
    framework = initialize("local", project=project)
    framework.close()
    framework.close()
    with pytest.raises(FrameworkError, match="closed") as caught:
        _ = framework.connections
    assert caught.value.code == "KDL-FWK-002"


def test_a_plugin_that_the_configuration_disables_is_not_loaded(tmp_path):
    (tmp_path / "kindling.yaml").write_text("plugins: {disable: [local]}\n")
    with initialize("local", project=tmp_path) as framework, pytest.raises(PluginError, match="disabled") as caught:
        _ = framework.runner
    assert caught.value.code == "KDL-PLG-006"


def test_a_wrong_configuration_is_refused_with_all_its_problems(tmp_path):
    (tmp_path / "kindling.yaml").write_text("projct: shop\nenvironmnt: dev\n")
    with pytest.raises(ConfigError) as caught:
        initialize("local", project=tmp_path)
    assert [problem.location.line for problem in caught.value.problems] == [1, 2]
    assert [problem.suggestion for problem in caught.value.problems] == [
        "did you mean 'project'?",
        "did you mean 'environment'?",
    ]


def test_the_card_shows_platform_versions_connections_and_plugins_and_no_markup_of_others(tmp_path):
    (tmp_path / "kindling.yaml").write_text("project: <script>x</script>\nconnections: {bronze: {type: memory}}\n")
    with initialize("local", project=tmp_path) as framework:
        card = framework._repr_html_()
        assert "local" in card
        assert "bronze" in card
        assert kindling.__version__ in card
        assert "<script>" not in card
        assert repr(framework) == "<Framework <script>x</script> on local, environment dev>"


def test_a_backend_is_given_its_project_and_a_folder_of_its_own(framework, project):
    context = framework._context("acme")
    assert (context.environment, context.project, context.folder) == ("dev", "shop", project)
    assert context.state.is_dir()
    assert context.state.name == "acme"
    assert context.logger.name == "kindling.plugins.acme"
    assert context.storage("memory://x/a.txt")[1] == "a.txt"
    with pytest.raises(KindlingError, match="HTTP client"):
        context.http("https://example.invalid")
    with pytest.raises(KindlingError, match="does not name a secret"):
        context.secret("no-slash")
    with pytest.raises(PluginError, match="vault"):
        context.secret("vault/name@1")
    with pytest.raises(KindlingError, match="credential"):
        context.credential()
