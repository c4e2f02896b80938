"""Runs any WSGI factory exactly as `flask serve` does, without the loops: target, port, workers."""

import sys

from review.cli.serving import run_server

if __name__ == "__main__":
    target, port, workers = sys.argv[1:]
    run_server(target, port=int(port), workers=int(workers), children=())
