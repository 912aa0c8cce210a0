# make demo   the main job in a minute: a real Postfix, real mails, what was held and why
# make test   every test; fetches what it needs and says so
.DEFAULT_GOAL := build
.PHONY: build run demo test test-long soak lint fuzz bench bench-peers bench-curves eval image clean

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  = -s -w -X main.version=$(VERSION)
export CGO_ENABLED = 0

build: ## the static binary ./sekisho
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o sekisho ./cmd/sekisho

run: build ## serve with the built-in defaults until Ctrl-C
	./sekisho serve

demo: build ## Postfix on loopback with the filter in front; needs root, and says what for
	$(GO) run ./deploy/demo

test: lint ## all tests, real MTAs and a real Prometheus included
	$(GO) test -timeout 12m $$($(GO) list ./... | grep -v -e '/e2e$$' -e '/deploy$$')
	$(GO) test -timeout 12m -count 1 -v ./e2e ./deploy # -v: the log shows that MTAs and Prometheus are real, and why a test is skipped

test-long: ## what takes minutes: every combination of macros, three minutes of load with faults, hostile mail beside ordinary mail; needs root
	$(GO) test -tags long -timeout 30m ./internal/vba
	$(GO) run ./bench/soak endure --for 3m
	$(GO) run ./bench/soak hostile --for 30s

soak: ## half an hour at full load with outages, kill -9 every minute, a full disk and clock jumps; needs root
	$(GO) run ./bench/soak endure --for 30m

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'lint: gofmt would change the files above'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

FUZZTIME  ?= 30s
FUZZTOTAL ?= 1h
fuzz: ## the fuzz targets by turns, FUZZTIME each, for FUZZTOTAL (0: until Ctrl-C); .cache/fuzz keeps what they find for the next run
	$(GO) run ./bench/fuzz -time $(FUZZTIME) -total $(FUZZTOTAL)

bench: ## every benchmark once, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./...

CORPUS ?=
OLEVBA ?=
bench-peers: build ## beside filters of Debian's packages, which it fetches into .cache; needs root; CORPUS=folder of files, OLEVBA=folder with oletools
	$(GO) run ./bench/peers --ways milter,tcp,postfix --verify --filters null,sekisho,sekisho+cache,rspamd,rspamd-self,olefile,clamav$(if $(OLEVBA),$(comma)olevba --olevba $(OLEVBA)) $(if $(CORPUS),--corpus $(CORPUS))
comma := ,

bench-curves: build ## cost against size, parts, nesting and memory, as pictures in docs/design/speed
	$(GO) run ./bench/peers --curves docs/design/speed --cell 2s

EVAL ?= ../shared
eval: build ## score against the corpora in EVAL, held to .ci/floors.json; needs python3
	python3 .ci/eval.py ./sekisho $(EVAL)

image: ## a container image, where a Docker engine runs
	docker build --build-arg VERSION=$(VERSION) -t sekisho:$(VERSION) .

clean:
	rm -rf sekisho bin .cache
