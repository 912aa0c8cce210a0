// Package config turns one YAML file (YAML 1.2, read with github.com/goccy/go-yaml) into values: strict, every key optional, and no file
// at all means the embedded defaults. It also finds settings that contradict each other, and shows what is in force.
//
// # Limits
//
// A file is at most fileMax bytes of UTF-8 and one document. Unknown keys, keys given twice, keys without a value, anchors, aliases, merge keys
// and tags are errors: a setting is written where it is looked for. Every error names line and column and shows the line. The package opens
// nothing a key points at; Check looks at the file system only to compare a size or to see that a file exists.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"
)

// DefaultPath is read when no path is given and it exists.
const DefaultPath = "/etc/sekisho/sekisho.yaml"

// fileMax is far above any real file (the sample has 12 KB) and keeps a mistaken path, say of a mailbox, from being read whole.
const fileMax = 1 << 20

// Config is every setting. Make it with Default or Load: the zero value is not a usable one.
type Config struct {
	Listen       Address        `yaml:"listen"`
	Socket       Socket         `yaml:"socket"`
	AllowedPeers []netip.Prefix `yaml:"allowed_peers"`
	State        string         `yaml:"state"`
	Mode         string         `yaml:"mode" oneof:"monitor tag enforce"`
	Language     string         `yaml:"language" oneof:"auto en ja"`
	Web          Web            `yaml:"web"`
	Sessions     Sessions       `yaml:"sessions"`
	Timeouts     Timeouts       `yaml:"timeouts"`
	Site         Site           `yaml:"site"`
	Limits       Limits         `yaml:"limits"`
	Inspect      Inspect        `yaml:"inspect"`
	Rules        Rules          `yaml:"rules"`
	Passwords    Passwords      `yaml:"passwords"`
	Lists        []List         `yaml:"lists"`
	Locked       Locked         `yaml:"locked"`
	Ledger       Ledger         `yaml:"ledger"`
	Outbound     Outbound       `yaml:"outbound"`
	Actions      Actions        `yaml:"actions"`
	Quarantine   Quarantine     `yaml:"quarantine"`
	Release      Release        `yaml:"release"`
	Notices      Notices        `yaml:"notices"`
	Audit        Audit          `yaml:"audit"`
	Trace        Trace          `yaml:"trace"`
	Log          Log            `yaml:"log"`

	source source
}

// Socket is about a unix socket only.
type Socket struct {
	Mode  FileMode `yaml:"mode"`
	Group string   `yaml:"group"`
}

// Web is the metrics and health server.
type Web struct {
	Listen     string `yaml:"listen"` // host:port; "" = off
	ConfigFile string `yaml:"config_file"`
}

// Sessions bounds milter sessions.
type Sessions struct {
	Max int `yaml:"max"`
}

// Timeouts are the milter's deadlines.
type Timeouts struct {
	Idle    time.Duration `yaml:"idle"`
	Read    time.Duration `yaml:"read"`
	Write   time.Duration `yaml:"write"`
	Message time.Duration `yaml:"message"`
	Hold    time.Duration `yaml:"hold"`
	Drain   time.Duration `yaml:"drain"`
}

// Site is what is ours.
type Site struct {
	LocalDomains      []string       `yaml:"local_domains"`
	InternalNetworks  []netip.Prefix `yaml:"internal_networks"`
	TrustedRelays     []netip.Prefix `yaml:"trusted_relays"`
	SubmissionDaemons []string       `yaml:"submission_daemons"`
	Gateway           string         `yaml:"gateway"`
	AuthservID        string         `yaml:"authserv_id"`
	People            []Mailbox      `yaml:"people"`
}

// Limits bound the work on one message.
type Limits struct {
	MessageBytes  Size          `yaml:"message_bytes"`
	HeaderBytes   Size          `yaml:"header_bytes"`
	MemoryBytes   Size          `yaml:"memory_bytes"`
	Parts         int           `yaml:"parts"`
	Depth         int           `yaml:"depth"`
	Files         int           `yaml:"files"`
	UnpackedBytes Size          `yaml:"unpacked_bytes"`
	InspectTime   time.Duration `yaml:"inspect_time"`

	WorkMemoryBytes Size `yaml:"work_memory_bytes"` // 0: by the processors
	GoMemoryBytes   Size `yaml:"go_memory_bytes"`   // 0: GOMEMLIMIT, or the control group's
}

// Inspect is what the inspection of one message has from earlier ones.
type Inspect struct {
	Cache      time.Duration `yaml:"cache"`
	CacheBytes Size          `yaml:"cache_bytes"`
}

// Rules names the rule pack.
type Rules struct {
	Pack string `yaml:"pack"`
}

// List is a list of hashes, domains or addresses in a file. Each field may be left out but name and file.
type List struct {
	Name   string `yaml:"name"`
	File   string `yaml:"file"`
	Type   string `yaml:"type" oneof:"auto sha256 sha1 md5 macro domain address ip url"`
	Format string `yaml:"format" oneof:"auto lines csv misp stix"`
	Column string `yaml:"column"`
	Use    string `yaml:"use" oneof:"block allow note"`
}

// Passwords are tried on locked files beside the words of the mail.
type Passwords struct {
	Words []string      `yaml:"words"`
	File  string        `yaml:"file"`
	Time  time.Duration `yaml:"time"`
}

// Locked is the memory of locked files whose password comes in another mail.
type Locked struct {
	Keep             time.Duration `yaml:"keep"`
	MaxBytes         Size          `yaml:"max_bytes"`
	MaxSenderPercent int           `yaml:"max_sender_percent"`
	Hold             time.Duration `yaml:"hold"`
}

// Outbound says what is too much of one of our own.
type Outbound struct {
	Window         time.Duration  `yaml:"window"`
	Mails          int            `yaml:"mails"`
	Carriers       int            `yaml:"carriers"`
	SharedClients  []netip.Prefix `yaml:"shared_clients"`
	ExemptAccounts []string       `yaml:"exempt_accounts"`
	ExemptClients  []netip.Prefix `yaml:"exempt_clients"`
	Keep           time.Duration  `yaml:"keep"`
}

// Ledger is the memory of conversations and correspondents.
type Ledger struct {
	Keep               time.Duration `yaml:"keep"`
	KeepCorrespondents time.Duration `yaml:"keep_correspondents"`
	MaxMails           int           `yaml:"max_mails"`
	MaxCorrespondents  int           `yaml:"max_correspondents"`
	MaxBytes           Size          `yaml:"max_bytes"`
	Timeout            time.Duration `yaml:"timeout"`
	HashAddresses      bool          `yaml:"hash_addresses"`
	KeyFile            string        `yaml:"key_file"`
}

// Actions says how verdicts are carried out.
type Actions struct {
	Quarantine          string `yaml:"quarantine" oneof:"store hold"`
	MarkAccepted        bool   `yaml:"mark_accepted"`
	SubjectTag          string `yaml:"subject_tag"`
	OnFailure           string `yaml:"on_failure" oneof:"tempfail accept"`
	OnFailureSubmission string `yaml:"on_failure_submission" oneof:"accept tempfail reject"`
}

// Quarantine bounds what is held.
type Quarantine struct {
	MaxBytes         Size          `yaml:"max_bytes"`
	MaxMessages      int           `yaml:"max_messages"`
	MaxSourcePercent int           `yaml:"max_source_percent"`
	MinFreeBytes     Size          `yaml:"min_free_bytes"`
	Retention        time.Duration `yaml:"retention"`
	KeepReleased     time.Duration `yaml:"keep_released"`
	KeepRecords      time.Duration `yaml:"keep_records"`
}

// Release is how a held message goes on.
type Release struct {
	SMTP    string         `yaml:"smtp"`
	Clients []netip.Prefix `yaml:"clients"`
	Valid   time.Duration  `yaml:"valid"`
	Helo    string         `yaml:"helo"`
}

// Notices is who hears of held mail.
type Notices struct {
	Postmaster string        `yaml:"postmaster"`
	From       string        `yaml:"from"`
	Every      time.Duration `yaml:"every"`
	Recipients bool          `yaml:"recipients"`
	SMTP       string        `yaml:"smtp"`
}

// Audit is the record of messages.
type Audit struct {
	File string `yaml:"file"`
}

// Trace is the record of messages that sekisho trace searches.
type Trace struct {
	Keep     time.Duration `yaml:"keep"`
	MaxBytes Size          `yaml:"max_bytes"`
}

// Log is the daemon's log.
type Log struct {
	Level  string `yaml:"level" oneof:"debug info warn error"`
	Format string `yaml:"format" oneof:"text json"`
}

// Default returns the embedded defaults.
func Default() *Config {
	return &Config{
		Listen:       Address{"tcp", "127.0.0.1:8899"},
		Socket:       Socket{Mode: 0o660},
		AllowedPeers: loopback(8),
		State:        "./sekisho-state",
		Mode:         "enforce",
		Language:     "auto",
		Web:          Web{Listen: "127.0.0.1:9899"},
		Sessions:     Sessions{Max: 400}, // four times Postfix's default_process_limit: each smtpd keeps one
		Timeouts: Timeouts{
			Idle: 7210 * time.Second, // libmilter's own: Sendmail lets a client idle for an hour between two commands
			Read: 5 * time.Minute, Write: time.Minute, Message: 3 * time.Minute, Hold: 30 * time.Second, Drain: time.Minute,
		},
		Site: Site{SubmissionDaemons: []string{"ORIGINATING"}}, // the name in Postfix's own sample master.cf
		Limits: Limits{
			MessageBytes: 100 << 20, HeaderBytes: 1 << 20, MemoryBytes: 1 << 20, Parts: 1000,
			Depth: 10, Files: 10000, UnpackedBytes: 512 << 20, InspectTime: time.Minute,
		},
		Inspect:   Inspect{Cache: time.Hour, CacheBytes: 32 << 20},
		Passwords: Passwords{Time: 3 * time.Second},
		Locked:    Locked{Keep: day, MaxBytes: 1 << 30, MaxSenderPercent: 10},
		Outbound:  Outbound{Window: 10 * time.Minute, Mails: 10, Carriers: 5, Keep: 90 * day},
		Ledger: Ledger{
			Keep: 400 * day, KeepCorrespondents: 800 * day, MaxMails: 20_000_000, MaxCorrespondents: 4_000_000, MaxBytes: 8 << 30,
			Timeout: 200 * time.Millisecond,
		},
		Actions: Actions{Quarantine: "store", MarkAccepted: true, OnFailure: "tempfail", OnFailureSubmission: "accept"},
		Quarantine: Quarantine{
			MaxBytes: 10 << 30, MaxMessages: 100_000, MaxSourcePercent: 20, MinFreeBytes: 1 << 30,
			Retention: 30 * day, KeepReleased: 7 * day, KeepRecords: 90 * day,
		},
		Release: Release{SMTP: "127.0.0.1:10025", Clients: loopback(32), Valid: time.Hour},
		Notices: Notices{Every: 15 * time.Minute},
		Trace:   Trace{Keep: 90 * day, MaxBytes: 4 << 30},
		Log:     Log{Level: "info", Format: "text"},
	}
}

// loopback is 127.0.0.0 with that prefix length, and ::1.
func loopback(bits int) []netip.Prefix {
	v4 := netip.PrefixFrom(netip.MustParseAddr("127.0.0.1"), bits).Masked()
	return []netip.Prefix{v4, netip.MustParsePrefix("::1/128")}
}

// Load reads a file over the defaults. With an empty path it reads DefaultPath where that exists, and returns the defaults where it does
// not. What is wrong in the file comes back as a *FileError with every problem; Check looks further.
func Load(path string) (*Config, error) {
	given := path != ""
	if !given {
		path = DefaultPath
	}
	b, err := read(path)
	if !given && errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return Parse(path, b)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err == nil && len(b) > fileMax {
		err = fmt.Errorf("%s has more than %s: not a configuration file", path, Size(fileMax))
	}
	return b, err
}

// Path returns the file that was read, "" for the embedded defaults.
func (c *Config) Path() string { return c.source.path }

// Set sets one key from text, as a flag of the command line does; lists are written "a, b". Its problems no longer point into the file.
func (c *Config) Set(key, text string) error {
	leaf, ok := c.leaves()[key]
	if !ok {
		return fmt.Errorf("config: no key %q", key)
	}
	if err := leaf.set(strings.TrimSpace(text)); err != nil {
		return fmt.Errorf("config: %s: %w: %q", key, err, text)
	}
	delete(c.source.at, key)
	return nil
}

// Lang returns the language of the command's texts, "en" or "ja": the setting, or for auto what the environment asks for by
// LC_ALL, LC_MESSAGES and LANG, the first that is set (POSIX.1-2017, 8.2).
func (c *Config) Lang(getenv func(string) string) string {
	if c.Language != "auto" {
		return c.Language
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(v, "ja") {
				return "ja"
			}
			break
		}
	}
	return "en"
}
