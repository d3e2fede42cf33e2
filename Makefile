# Everything a person does with this project. Needs Go and a C compiler;
# test-tools needs more and says what.

GO      ?= go
FUZZTIME ?= 20s
NFPM        = github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Tests that need outside programs stand in files of their own, tagged tools.
TOOL_FILES    = $(shell grep -rl '^//go:build tools' --include='*_test.go' cmd device pax display printer store sync)
TOOL_TESTS    = $(shell sed -n 's/^func \(Test[A-Za-z0-9_]*\).*/\1/p' $(TOOL_FILES) | paste -sd '|' -)
TOOL_PACKAGES = $(sort $(addprefix ./,$(dir $(TOOL_FILES))))

.PHONY: screens demo demo-chain test test-tools test-box test-arm check bench sim sim-bugs judge-bugs soak record evidence crash robot fuzz build deb release clean

demo: ## a counter inside this laptop: terminal, display, printer, gateway and posd
	$(GO) run ./cmd/possim

demo-chain: ## three counters in two shops inside this laptop, their NATS server and their hub
	$(GO) run ./cmd/possim -chain

test: ## every test that needs only Go and a C compiler, with the race detector
	$(GO) test -race -timeout 20m ./...

test-tools: ## the tests that need chromium, zbarimg, sqlite3, systemd-analyze, dpkg, ptrace
	./testdata/tools.sh
	$(GO) test -tags tools -timeout 25m -run '^($(TOOL_TESTS))$$' $(TOOL_PACKAGES)

check: ## format, vet, staticcheck, and the house: who imports whom, long functions, unused names, paths that are not there
	@unformatted=$$(gofmt -l cmd device pax display printer store sync systemd); \
	  if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags tools,box ./...
	$(GO) run $(STATICCHECK) -tags tools,box ./...
	$(GO) test -run 'House|Simulator' ./cmd/posd

# Built as `make build` builds. Quick leaves out the large journals, and takes fewer rounds.
BENCH_FLAGS = CGO_CFLAGS="-O2 -g -DHAVE_FDATASYNC=1"
BENCH_QUICK = $(filter quick,$(BENCH))
# A journal of a million sales is made once, outside the tree: it takes a quarter of an hour.
YEARS       ?= $(if $(BENCH_QUICK),$(DIST)/years,$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/posd/years)
YEARS_SALES ?= $(if $(BENCH_QUICK),20000,1000000)
bench: build ## one table: each measurement beside its floor, in one run; figures in dist/bench.json (BENCH=quick: about five minutes)
	@mkdir -p $(DIST)
	$(GO) build -trimpath -ldflags '-s -w' -o bin/ ./cmd/possim/measure ./cmd/possim/measure/least
	$(BENCH_FLAGS) $(GO) test -trimpath -run '^$$' -bench $(if $(BENCH_QUICK),'Enqueue|Barriers|Writers64|SaleDuringDrain|Claim',.) -benchtime 1x ./store $(if $(BENCH_QUICK),-args -rows 20000) | tee $(DIST)/bench.txt
	$(GO) test -trimpath -run '^$$' -bench . -benchtime 200x ./pax | tee -a $(DIST)/bench.txt
	$(GO) test -trimpath -run '^$$' -bench 'CodeOnTheWire|Encode' -benchtime 50x ./display ./printer | tee -a $(DIST)/bench.txt
	$(GO) test -trimpath -run '^$$' -bench $(if $(BENCH_QUICK),'Drain/all|RetrySchedule/.*report',.) -benchtime 1x ./sync/outbox | tee -a $(DIST)/bench.txt
	$(GO) test -trimpath ./device/core -count=1 -run '^TestSimulation$$' -v -args -seeds 1000 | tee -a $(DIST)/bench.txt
	$(if $(BENCH_QUICK),,$(GO) test -trimpath -run '^$$' -bench . -benchmem ./cmd/posd)
	$(GO) test -run '^$$' -bench 'Hub$$|CatchUp' -benchtime 1x ./cmd/poshub -args $(if $(BENCH_QUICK),-tills 100) | tee -a $(DIST)/bench.txt
	$(GO) build -o bin/years ./cmd/possim/years
	bin/years -dir $(DIST)/days -sales 1000
	bin/years -dir $(YEARS) -sales $(YEARS_SALES)
	bin/measure -posd bin/posd -bench $(DIST)/bench.txt -json $(DIST)/bench.json -years $(YEARS) -days $(DIST)/days -bill years-$$(($(YEARS_SALES) / 2 + 100)) $(if $(BENCH_QUICK),-quick)

SEEDS ?= 10000
SIM = $(if $(WIRES),TestSimulationThroughTheRealCodecs,$(if $(SEED),TestSimulation,TestSimulation|TestSimulationThroughTheRealCodecs))
sim: ## days of faults around the step function: SEEDS=n runs many, SEED=s replays one with its story; WIRES=1: those with the real codecs; FAITHFUL=1: codes asked about by posd's own schedule in all of them; HASH=FILE: a hash of each seed's effects
	$(GO) test ./device/core -count=1 -timeout 0 -run '^($(SIM))$$' -v -args $(if $(SEED),-seed $(SEED),-seeds $(SEEDS)) $(if $(FAITHFUL),-faithful) $(if $(HASH),-hash $(abspath $(HASH)))
	$(if $(SEED),,$(GO) test ./sync/fleet -count=1 -timeout 0 -run '^TestModel$$' -args -model $(SEEDS))

sim-bugs: ## plants every bug of testdata/bugs and shows that the simulation finds it
	$(GO) test ./device/core -count=1 -timeout 0 -run TestSimulationSeesPlantedBugs -v -args -bugs
	$(GO) test ./sync/fleet -count=1 -timeout 30m -run TestModelSeesPlantedBugs -v -args -bugs
	$(GO) test -tags tools ./device/fronttest -count=1 -timeout 30m -run TestProcessesSeePlantedBugs -v -args -bugs

judge-bugs: ## plants nine bugs of testdata/bugs in posd, sells with it, and shows that the judge finds each in the history (BUG=01: that one)
	$(GO) test ./cmd/possim/judge -count=1 -timeout 0 -v -run '^TestTheJudgeSeesPlantedBugs$$$(if $(BUG),/^$(BUG))' -args -bugs

SOAK ?= 1h
soak: build ## a shop that sells for SOAK under faults and restarts: memory, descriptors, goroutines, database and log in dist/soak as CSV, SVG, PNG and JSON (SEED=s: the same lots)
	$(GO) build -o bin/soak ./cmd/possim/soak
	bin/soak -posd bin/posd -out $(DIST)/soak -for $(SOAK) $(if $(SEED),-seed $(SEED))

record: ## runs the target OF and keeps its figures for the page of evidence: make record OF=sim SEEDS=100000
	$(GO) run ./cmd/possim/evidence -dist $(DIST) -record '$(OF)' $(MAKE) $(OF)

evidence: ## one page, HTML and Markdown, of what was recorded, of make bench and make soak: dist/evidence.html
	$(GO) run ./cmd/possim/evidence -dist $(DIST)

crash: ## kills posd at every write, sync and send of every flow (half an hour); FLOW=name one flow, AT=point one point of it
	$(GO) run ./cmd/possim -script crashpoints $(if $(FLOW),-flow $(FLOW)) $(if $(AT),-at '$(AT)')

ROBOT ?= 10m
robot: ## taps at random on the cashier's page under faults and power cuts, for ROBOT: one bill is captured once, and nothing says "try again" while an outcome is open (SEED=s: the same lots)
	$(GO) test -tags tools ./device/api -count=1 -timeout 0 -v -run '^TestRobot$$' -args -robot $(ROBOT) $(if $(SEED),-robot-seed $(SEED))

fuzz: ## 200,000 card transactions (more than half of them sales), 15,000 sales of every kind, 20,000 simulated days, 10,000 printer faults, every byte of a log, 10,000 schedules of a chain and 1,000 of each front end, 100 of each with posd as a process, the robot, then every fuzz target for FUZZTIME
	$(GO) test ./pax -count=1 -timeout 0 -run TestRandomFaults -transactions 200000
	$(GO) test ./device -count=1 -timeout 0 -run 'TestWholeCounter' -args -counters 1300
	$(GO) test ./device -count=1 -timeout 0 -run 'TestAMonth' -args -month 100000
	$(GO) test ./device/core -count=1 -timeout 0 -run 'TestSimulation(ThroughTheRealCodecs)?$$' -args -seeds 20000
	$(GO) test ./device ./device/core -count=1 -timeout 0 -run TestReceipts -args -printer-faults 10000
	$(GO) test ./store -count=1 -timeout 0 -run TestEveryByteOfALog -args -flips 0
	$(GO) test ./device/fronttest -count=1 -timeout 0 -args -schedules 1000
	$(GO) test -tags tools ./device/fronttest -count=1 -timeout 0 -run TestProcessesAreKilled -args -processes 100
	$(GO) test -tags tools ./cmd/poshub -count=1 -timeout 0 -run TestFaultsOfAChain -args -schedules 10000
	$(MAKE) robot
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "== $$pkg $$target"; \
	    $(GO) test -run '^$$' -fuzzminimizetime 5x -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

# The box is made once; its folder's name carries a hash of what it is made by.
BOX_IMAGES ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/posd-box
BOX_IMAGE   = $(abspath $(BOX_IMAGES))/$(shell sha256sum systemd/box/image.sh | cut -c1-16)
CUTS       ?= $(if $(ALL),1000,8)
PULLS      ?= $(if $(ALL),50,4)
test-box: ## posd in a real Debian under QEMU: installed by apt, started by systemd, sold with, cables pulled (PULLS=n, ALL=1 for 50), power cut (CUTS=n, ALL=1 for 1,000; CUTS_FOR=1h: no longer than that)
	./testdata/tools.sh box
	./systemd/box/image.sh $(BOX_IMAGE)
	POSD_BOX_IMAGE=$(BOX_IMAGE) $(GO) test -tags box -count=1 -v -timeout 0 $(if $(RUN),-run '$(RUN)') ./systemd/box -args -pulls $(PULLS) -cuts $(CUTS) $(if $(CUTS_FOR),-cuts-for $(CUTS_FOR)) $(if $(SEED),-seed $(SEED))

SCREENS ?= dist/screens
screens: ## one contact sheet for each page, its states by language and size, in dist/screens
	./testdata/tools.sh
	@mkdir -p $(SCREENS)
	POSD_SCREENS=$(abspath $(SCREENS)) $(GO) test -tags tools -count=1 -timeout 10m -run '^TestContactSheets$$' ./device/api

build: ## the daemon, stripped, in bin/posd
	CGO_CFLAGS="-O2 -g -DHAVE_FDATASYNC=1" $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o bin/posd ./cmd/posd

# The package's version is RELEASE, or the time and name of the commit.
DEB_VERSION = $(or $(RELEASE),0~$(shell git log -1 --format=%cd --date=format:%Y%m%d%H%M).$(shell git rev-parse --short=10 HEAD))
DEB_ARCH    = $(shell $(GO) env GOARCH)
DIST       ?= dist

deb: ## a Debian package of the daemon, its units, rules and sample configuration, in dist/
	@mkdir -p $(DIST)/$(DEB_ARCH)
	CGO_CFLAGS="-O2 -g -DHAVE_FDATASYNC=1" $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X main.release=$(DEB_VERSION)' -o $(DIST)/$(DEB_ARCH)/posd ./cmd/posd
	NFPM=$(NFPM) ./systemd/package.sh $(DIST) $(DEB_ARCH) $(DEB_VERSION) $(DIST)/$(DEB_ARCH)/posd

release: ## packages for amd64, arm64 and armhf, each built twice and compared, checksums and an apt repository in dist/release (KEY=gpg key: signed)
	NFPM=$(NFPM) ./systemd/release.sh $(DIST)/release $(DEB_VERSION)

test-arm: release ## the release for arm64 and armhf under qemu-user: every script of possim, and the store's tests
	./testdata/arm.sh $(DIST)/release

clean:
	rm -rf bin dist
