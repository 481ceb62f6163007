"""nginx in front of the dashboard, as people set it up: with TLS under a name, and below a path."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.runs.commands import wait_until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
HAS_PROXY = bool(NGINX and OPENSSL)
NAME = "runs.example.org"

# As in docs/dashboard.md, but for what lets it run as anybody, and in the foreground.
CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  log_format path '$remote_addr $request_method $uri $status';
  access_log {folder}/access.log path;
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name {name};
    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
    location / {{ proxy_pass http://127.0.0.1:{server}; {headers} }}
    location /stripped/ {{ proxy_pass http://127.0.0.1:{server}/; {headers} }}
    location /kept/ {{ proxy_pass http://127.0.0.1:{server}; {headers} }}
  }}
}}
"""
HEADERS = {
    "forwarded": "proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;",
    "by default": "",  # the name is that of the server behind
}


@dataclass(frozen=True)
class Proxy:
    """It answers on a port, by TLS; ``folder`` holds its logs."""

    port: int
    folder: Path


@contextmanager
def proxy(folder: Path, server: int, headers: str = "forwarded") -> Iterator[Proxy]:
    """In front of a port of this machine."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Proxy(free.getsockname()[1], folder)
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    command = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject]
    subprocess.run([str(each) for each in command], check=True, capture_output=True)
    values = {"folder": folder, "port": found.port, "server": server, "name": NAME, "headers": HEADERS[headers]}
    (folder / "nginx.conf").write_text(CONFIG.format(**values))
    process = subprocess.Popen([str(NGINX), "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(process, found))
        yield found
    finally:
        process.terminate()
        process.wait()


def _answers(process: subprocess.Popen[bytes], proxy: Proxy) -> bool:
    assert process.poll() is None, (proxy.folder / "error.log").read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", proxy.port)) == 0
