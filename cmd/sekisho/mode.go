package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/store"
	"sekisho/rules"
)

// modeFile is the name of the order in the state folder; it has at most modeFileMax bytes: a mode, a name and a reason.
const (
	modeFile    = "mode"
	modeFileMax = 4 << 10
)

// modeOrder is a mode with where it comes from.
type modeOrder struct {
	Mode       rules.Mode `json:"mode"`
	Source     string     `json:"source"`     // "command" or "configuration"
	Configured string     `json:"configured"` // what the configuration says
	Who        string     `json:"who,omitempty"`
	Why        string     `json:"why,omitempty"`
	Since      *time.Time `json:"since,omitempty"`
}

const (
	fromCommand       = "command"
	fromConfiguration = "configuration"
)

// orderOf returns the mode in force for a configuration and a state folder.
func orderOf(c *config.Config, state string) (modeOrder, error) {
	o := modeOrder{Source: fromConfiguration, Configured: c.Mode}
	if err := o.Mode.UnmarshalText([]byte(c.Mode)); err != nil {
		return o, err
	}
	f, err := store.OpenRegular(filepath.Join(state, modeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	defer f.Close()
	given := o
	if err := json.NewDecoder(io.LimitReader(f, modeFileMax)).Decode(&given); err != nil {
		return o, fmt.Errorf("%s: %w", f.Name(), err)
	}
	given.Source, given.Configured = fromCommand, c.Mode
	return given, nil
}

type modeCmd struct {
	Mode   string `arg:"" optional:"" placeholder:"monitor|tag|enforce|default" help:"help_modeword"`
	Reason string `placeholder:"TEXT" help:"help_modereason"`
	As     string `placeholder:"NAME" help:"help_as"`
	JSON   bool   `help:"help_json"`
}

// Run orders a mode, or without one prints which is in force and why.
func (c *modeCmd) Run(ctx context.Context, g *globals, io streams) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	lang := cfg.Lang(os.Getenv)
	if c.Mode != "" {
		var m rules.Mode
		if err := m.UnmarshalText([]byte(c.Mode)); err != nil && c.Mode != defaultMode {
			return fmt.Errorf(text(lang, "mode_unknown"), c.Mode)
		}
		if err := c.order(ctx, cfg, lang); err != nil {
			return err
		}
	}
	o, err := orderOf(cfg, cfg.State)
	if err != nil {
		return err
	}
	if c.JSON {
		return encodeJSON(io.out, o)
	}
	_, err = fmt.Fprintln(io.out, o.words(lang))
	return err
}

// words say a mode and why it is in force.
func (o modeOrder) words(lang string) string {
	if o.Source == fromConfiguration {
		return fmt.Sprintf(text(lang, "mode_configured"), o.Mode)
	}
	since := ""
	if o.Since != nil {
		since = stamp(*o.Since)
	}
	s := fmt.Sprintf(text(lang, "mode_ordered"), o.Mode, printable(o.Who), since, o.Configured)
	if o.Why != "" {
		s += fmt.Sprintf(text(lang, "mode_why"), printable(o.Why))
	}
	return s
}

// defaultMode is the word that takes an order back.
const defaultMode = "default"

// order writes or removes the file that the daemon follows.
func (c *modeCmd) order(ctx context.Context, cfg *config.Config, lang string) error {
	st, err := openState(ctx, cfg, lang)
	if err != nil {
		return err
	}
	return errors.Join(c.write(st), st.Close())
}

func (c *modeCmd) write(st *store.Store) error {
	if c.Mode == defaultMode {
		if err := os.Remove(st.Path(modeFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return store.SyncDir(st.Dir())
	}
	now := time.Now().UTC().Truncate(time.Second)
	o := modeOrder{Source: fromCommand, Who: short(who(c.As)), Why: c.Reason, Since: &now}
	if err := o.Mode.UnmarshalText([]byte(c.Mode)); err != nil {
		return err
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if len(b) >= modeFileMax {
		return fmt.Errorf("--reason: more than %d bytes", modeFileMax/2)
	}
	return st.WriteFile(modeFile, append(b, '\n'), 0o640)
}

// openState opens a state folder that exists, so that a wrong --state is said and not made.
func openState(ctx context.Context, cfg *config.Config, lang string) (*store.Store, error) {
	if err := isState(cfg.State); err != nil {
		return nil, noState(cfg, lang, err)
	}
	return store.Open(ctx, cfg.State)
}
