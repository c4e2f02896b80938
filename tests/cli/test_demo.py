"""The demonstration has settings of its own; one of whoever starts it counts beside them."""

from ipaddress import ip_network
from pathlib import Path

from review.cli.demo import NETWORKS, demo_environment
from review.config import read_settings
from tests.journeys.server import Program, free_port


def test_messages_of_a_demonstration_may_go_where_its_starter_says(tmp_path: Path) -> None:
    for networks, allowed in (("", ()), ("127.0.0.0/8", (ip_network("127.0.0.0/8"),))):
        settings = read_settings(demo_environment(tmp_path, networks=networks), demo=True)
        assert settings.webhook_networks == allowed


def test_the_command_takes_this_setting_from_its_starter_and_no_other(tmp_path: Path) -> None:
    program = Program(tmp_path, f"sqlite:///{tmp_path / 'review.db'}", hosts="video.example")
    program.environment |= {NETWORKS: "nowhere", "REVIEW_UNDO_SECONDS": "soon"}
    refused = program.run("demo", "--port", str(free_port()))
    program.closing.close()
    assert refused.returncode == 1
    assert NETWORKS in refused.stderr
    assert "REVIEW_UNDO_SECONDS" not in refused.stderr
