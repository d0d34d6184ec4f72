"""Checks of what is deployed: the Kubernetes manifests as they are rendered.

`python -m lints.manifests` renders base and every overlay, checks each object strictly against the
schemas of two recent minors, and then against the rules of the house. `deploy/check` calls it.
`python -m lints.manifests FOLDER` prints a rendered overlay instead.
"""
