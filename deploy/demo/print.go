package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"
)

// texts is what the demo says, in English and Japanese.
var texts = map[string][2]string{
	"intro": {
		"Sekisho: a real Postfix on loopback with the filter in front, real mails, what was held and why, one release.\n" +
			"Postfix is the machine's own programs where it is installed, else Debian's package, fetched once with apt-get (20 MB) and unpacked\n" +
			"under .cache/debs. Nothing is installed; this machine's mail, its queue and its settings are not touched.\n" +
			"It runs as root, which a private mount and process namespace, chroot, and Postfix's change to its own users need.",
		"Sekisho(関所): ループバック上の本物の Postfix にフィルターを付け、実際にメールを流し、何がなぜ隔離されたかを確かめ、一通を解放します。\n" +
			"Postfix は、インストール済みならそのプログラムを、なければ Debian のパッケージ(初回のみ apt-get で 20 MB 取得)を .cache/debs に展開して使います。\n" +
			"何もインストールせず、この機械のメール、キュー、設定には触れません。\n" +
			"root で動きます。専用のマウント/プロセス名前空間、chroot、Postfix のユーザー切り替えに必要なためです。",
	},
	"root": {
		"Root is needed: for a private mount and process namespace, for chroot, and because Postfix starts as root and changes to its own users.\n" +
			"Try: sudo make demo",
		"root 権限が必要です。専用のマウント/プロセス名前空間、chroot、Postfix のユーザー切り替えのためです。\n例: sudo make demo",
	},
	"start":   {"1. Start Postfix (chrooted smtpd) and sekisho, its socket inside the chroot", "Postfix(smtpd は chroot)と、chroot 内のソケットで待つ sekisho を起動"},
	"mails":   {"2. Send mails: one of our own, the others from outside (192.0.2.25)", "メールを送信(一通は組織内から、残りは外部 192.0.2.25 から)"},
	"held":    {"3. What was held", "隔離されたメール"},
	"show":    {"4. Why", "その理由"},
	"release": {"5. Release it: back through Postfix, byte for byte", "解放: Postfix を通して、1 バイトも変えずに配送"},
	"metrics": {"6. Metrics", "メトリクス"},
	"end":     {"Done. Nothing is left running.", "終わりました。動いているものは残っていません。"},
}

func (d *demo) say(key string) {
	t := texts[key]
	fmt.Fprintf(d.out, "\n%s\n%s\n", t[0], t[1])
}

func (d *demo) note(format string, args ...any) {
	indent(d.out, fmt.Sprintf(format, args...))
}

func indent(w io.Writer, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(line, "\n"))
	}
}

// table prints rows in columns, the first row as heads. East Asian wide characters take two cells.
func table(w io.Writer, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells(c))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, c := range row {
			b.WriteString(c + strings.Repeat(" ", widths[i]-cells(c)+2))
		}
		fmt.Fprintf(w, "  %s\n", strings.TrimRight(b.String(), " "))
	}
}

// cells is how many columns of a terminal a text takes (Unicode Standard Annex 11).
func cells(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n++
		}
		n++
	}
	return n
}

// printMatching prints the samples of the named metrics that are not 0.
func printMatching(w io.Writer, text string, names ...string) {
	for line := range strings.Lines(text) {
		for _, name := range names {
			if strings.HasPrefix(line, name+"{") && !strings.HasSuffix(line, " 0\n") {
				fmt.Fprint(w, "  "+line)
			}
		}
	}
}

// endsWith tells whether the delivered bytes are the sent ones below the fields that relays put on top.
func endsWith(delivered, sent []byte) bool { return bytes.HasSuffix(delivered, sent) }
