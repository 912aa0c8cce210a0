package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sekisho/internal/config"
	"sekisho/internal/web"
)

type configCmd struct {
	Check checkCmd `cmd:"" help:"help_check"`
	Show  cfgShow  `cmd:"" help:"help_showcfg"`
}

type checkCmd struct{}

// Run reads the configuration and the rule pack and says what contradicts.
func (c *checkCmd) Run(g *globals, io streams) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	lang := cfg.Lang(os.Getenv)
	problems := cfg.Check()
	for _, p := range problems {
		fmt.Fprintln(io.out, p.Text(lang))
	}
	p, err := pack(cfg)
	if err != nil {
		return err
	}
	broken, err := checkLists(cfg, lang, io.out)
	if err != nil {
		return err
	}
	failures := p.Test().Failures
	for _, f := range failures {
		fmt.Fprintln(io.out, f)
	}
	switch {
	case config.Errors(problems) || len(failures) > 0 || broken:
		return errors.New(text(lang, "cfg_bad"))
	case len(problems) > 0:
		fmt.Fprintln(io.out, text(lang, "cfg_warned"))
		return errVerdict
	}
	fmt.Fprintln(io.out, text(lang, "cfg_good"))
	return nil
}

// inLanguage gives a configuration file's error in the reader's language.
func inLanguage(err error, lang string) error {
	var fe *config.FileError
	if errors.As(err, &fe) {
		return errors.New(fe.Text(lang))
	}
	return err
}

type cfgShow struct{}

// Run prints what is in force.
func (c *cfgShow) Run(g *globals, io streams) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	_, err = io.out.Write(cfg.Marshal(cfg.Lang(os.Getenv)))
	return err
}

type healthCmd struct {
	Web string `placeholder:"HOST:PORT" help:"help_web"`
}

// Run asks a running daemon.
func (c *healthCmd) Run(ctx context.Context, g *globals, io streams) error {
	cfg, err := g.load()
	if err != nil {
		return err
	}
	if c.Web != "" {
		if err := cfg.Set("web.listen", c.Web); err != nil {
			return err
		}
	}
	if err := web.Health(ctx, cfg.Web.Listen); err != nil {
		return err
	}
	fmt.Fprintln(io.out, text(cfg.Lang(os.Getenv), "ready"))
	return nil
}
