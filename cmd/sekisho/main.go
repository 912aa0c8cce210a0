// Command sekisho stands in front of a mailbox: a milter for Postfix and Sendmail that inspects, tags and quarantines
// Emotet-style mail, and the tools to review what it held.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"sekisho/internal/archive"
	"sekisho/internal/worker"
)

// Exit codes, the same for every command.
const (
	exitOK      = 0 // done; for scan: every verdict accept
	exitVerdict = 1 // scan, replay, verify, check: done, and there is something to see to
	exitError   = 2 // not done
)

// version is set by the linker (-X main.version=…); a plain build says what the build info knows.
var version = ""

// globals belong to every command.
type globals struct {
	Config string `short:"c" placeholder:"FILE" help:"help_config"`
	State  string `placeholder:"DIR" help:"help_state"`
	Lang   string `placeholder:"en|ja" help:"help_lang"`
}

type cli struct {
	globals

	Serve      serveCmd         `cmd:"" help:"help_serve"`
	Scan       scanCmd          `cmd:"" help:"help_scan"`
	Replay     replayCmd        `cmd:"" help:"help_replay"`
	Quarantine quarantineCmd    `cmd:"" help:"help_quarantine"`
	Ledger     ledgerCmd        `cmd:"" help:"help_ledger"`
	Hosts      hostsCmd         `cmd:"" help:"help_hosts"`
	Trace      traceCmd         `cmd:"" help:"help_trace"`
	Rules      rulesCmd         `cmd:"" help:"help_rules"`
	Mode       modeCmd          `cmd:"" help:"help_mode"`
	Allow      allowCmd         `cmd:"" help:"help_allow"`
	Block      blockCmd         `cmd:"" help:"help_block"`
	ConfigCmd  configCmd        `cmd:"" name:"config" help:"help_configcmd"`
	Health     healthCmd        `cmd:"" help:"help_health"`
	Version    kong.VersionFlag `help:"help_version"`
}

// streams are where a command reads and writes; tests give their own.
type streams struct {
	out, err io.Writer
}

// errVerdict says that a command did its work and found something: exit status 1, no message.
var errVerdict = errors.New("something was found")

func main() {
	worker.Main(archive.Jobs())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program but for the process's own exit.
func run(ctx context.Context, args []string, io streams) int {
	lang := language(flagLang(args), os.Getenv)
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("sekisho"), kong.Description(text(lang, "about")),
		kong.Writers(io.out, io.err), kong.UsageOnError(), kong.Help(helpIn(lang)), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exit = code }), kong.Vars{"version": buildVersion()})
	if err != nil {
		fmt.Fprintln(io.err, "sekisho:", err)
		return exitError
	}
	translate(parser.Model, lang)
	kctx, err := parser.Parse(args)
	if exit >= 0 { // --help or --version has been printed
		return exit
	}
	if err != nil {
		fmt.Fprintf(io.err, "sekisho: %s\n%s\n", inWords(lang, err.Error()), text(lang, "see_help"))
		return exitError
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run(&c.globals, io)
	switch {
	case errors.Is(err, errVerdict):
		return exitVerdict
	case err != nil:
		fmt.Fprintln(io.err, "sekisho:", inLanguage(err, lang))
		return exitError
	}
	return exitOK
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" {
		return bi.Main.Version
	}
	return "devel"
}
