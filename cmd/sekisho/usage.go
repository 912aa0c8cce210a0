package main

import (
	"bytes"
	"strings"

	"github.com/alecthomas/kong"
)

// usageWords are the words that kong itself brings, at the beginning of a line of help or of an error, with their Japanese.
func usageWords() [][2]string {
	return [][2]string{
		{"Usage:", "使い方:"},
		{"Arguments:", "引数:"},
		{"Flags:", "オプション:"},
		{"Commands:", "コマンド:"},
		{`Run "sekisho <command> --help" for more information on a command.`, "各コマンドの詳細: sekisho <コマンド> --help"},
		{"missing flags: ", "必要なオプションがありません: "},
		{"unknown flag ", "不明なオプション: "},
		{"unexpected argument ", "不明な引数: "},
		{"expected one of ", "次のいずれかが必要です: "},
		{"expected ", "次の指定が必要です: "},
	}
}

// inWords translates kong's own words at the beginning of each line.
func inWords(lang, s string) string {
	if lang != "ja" {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		for _, w := range usageWords() {
			if rest, ok := strings.CutPrefix(line, w[0]); ok {
				line = w[1] + rest
				break
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// helpIn prints kong's help in a language.
func helpIn(lang string) kong.HelpPrinter {
	return func(o kong.HelpOptions, c *kong.Context) error {
		if lang != "ja" {
			return kong.DefaultHelpPrinter(o, c)
		}
		var b bytes.Buffer
		out := c.Stdout
		c.Stdout = &b
		err := kong.DefaultHelpPrinter(o, c)
		c.Stdout = out
		if err == nil {
			_, err = out.Write([]byte(inWords(lang, b.String())))
		}
		return err
	}
}
