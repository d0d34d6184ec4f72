# One or two lines per recipe; whatever is longer lives in scripts/.
# Not called PYTHON: that one is the user's, and names the interpreter to build .venv with.
VENV_PYTHON := .venv/bin/python
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help run reset test test-unit test-integration test-component test-schemas test-e2e \
        audit lint format bench migrate dead-letters image k8s-render lock

##@ Start
run: $(READY) ## start everything with sample data; Ctrl-C stops it (PORT=8080 fixes the API's port)
	@$(VENV_PYTHON) -m omnibus run $(ARGS)

reset: $(READY) ## forget the local data of this checkout
	@$(VENV_PYTHON) -m omnibus reset

##@ Check
format: $(READY) ## rewrite the code in the house style
	@$(VENV_PYTHON) -m ruff check --fix --quiet . ; $(VENV_PYTHON) -m ruff format .

lint: $(READY) ## ruff, mypy, import contracts, own lints, manifests; changes nothing
	@scripts/lint

##@ Test
test: $(READY) ## all tiers, on a PostgreSQL and a RabbitMQ of their own
	@scripts/test unit schemas integration component e2e

test-unit: $(READY) ## rules and calculations: needs nothing (ARGS="-k name" chooses)
	@scripts/test unit -- $(ARGS)

test-integration: $(READY) ## use cases and persistence on a real database
	@scripts/test integration -- $(ARGS)

test-component: $(READY) ## hosted services on a real broker
	@scripts/test component -- $(ARGS)

test-schemas: $(READY) ## the published language against its golden files
	@scripts/test schemas -- $(ARGS)

test-e2e: $(READY) ## journeys through the whole system
	@scripts/test e2e -- $(ARGS)

audit: $(READY) ## the full size of every checker, up to an hour
	@MARK=audit scripts/test component e2e -- $(ARGS)

##@ Measure
bench: $(READY) ## the figures of docs/operations.md, as ratios; written to .local/bench.json
	@$(VENV_PYTHON) -m bench $(ARGS)

##@ Data
migrate: $(READY) ## bring all databases to the newest schema (NAME=leads for one)
	@$(VENV_PYTHON) -m omnibus migrate $(NAME)

dead-letters: $(READY) ## parked messages: ARGS="show QUEUE", "replay QUEUE", "drop QUEUE"; alone: a list
	@$(VENV_PYTHON) -m omnibus dead-letters $(or $(ARGS),list)

##@ Ship
image: ## build the container image (ENGINE=podman, IMAGE=omnibus:dev)
	@$(or $(ENGINE),docker) build -f deploy/Containerfile -t $(or $(IMAGE),omnibus:dev) .

k8s-render: $(READY) ## print the Kubernetes manifests (OVERLAY=local)
	@$(VENV_PYTHON) -m lints.manifests deploy/k8s/overlays/$(or $(OVERLAY),local)

lock: $(READY) ## choose newer versions within pyproject.toml and pin them with hashes
	@scripts/lock

##@ Help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z0-9-]+:.*## / {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock scripts/bootstrap
	@scripts/bootstrap
