"""gunicorn settings of the hello-world: those of the gateway, without its hooks."""

import os

from gateway import gunicorn_conf as gateway

bind = os.environ["HELLO_BIND"]
worker_class = gateway.worker_class
workers = gateway.workers
threads = gateway.threads
timeout = gateway.timeout
keepalive = gateway.keepalive
worker_tmp_dir = getattr(gateway, "worker_tmp_dir", None)
control_socket_disable = True
accesslog = None
loglevel = "error"
