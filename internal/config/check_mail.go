package config

import (
	"net/mail"
	"path/filepath"
	"strings"
	"time"
	"unicode"
)

// subjectTagMax leaves room for the subject itself in a header line of 998 bytes (RFC 5322 2.1.1).
const subjectTagMax = 200

func (k *checker) actions() {
	a := k.Actions
	if i := strings.IndexFunc(a.SubjectTag, unicode.IsControl); i >= 0 {
		k.fail("actions.subject_tag", "holds a control character: %[1]s", "制御文字が含まれています: %[1]s", printableASCII(a.SubjectTag))
	}
	if len(a.SubjectTag) > subjectTagMax {
		k.fail("actions.subject_tag", "has more than %[1]d bytes", "%[1]d バイトを超えています", subjectTagMax)
	}
	if k.Mode == "monitor" && a.SubjectTag != "" {
		k.warn("actions.subject_tag", "has no effect: mode monitor changes no mail", "mode が monitor のため、効果がありません")
	}
	if k.Mode == "enforce" && a.OnFailure == "accept" {
		k.warn("actions.on_failure", "mail passes unjudged whenever we fail, for instance on a full disk",
			"ディスクの満杯など本ソフト側の障害のたびに、判定なしでメールが通ります")
	}
}

// hold is about the MTA's hold queue: what lies there is not ours to release, expire or count.
func (k *checker) hold() {
	if k.Actions.Quarantine != "hold" {
		return
	}
	if k.Mode != "enforce" {
		k.warn("actions.quarantine", "has no effect: mode %[1]s holds no mail", "mode が %[1]s のため、効果がありません", k.Mode)
	}
	if k.Notices.Recipients {
		k.fail("notices.recipients", "tells recipients of mail that only the MTA can release (actions.quarantine: hold)",
			"actions.quarantine: hold のメールは MTA でしか解放できないため、受信者への通知と両立しません")
	}
	for _, key := range []string{
		"quarantine.max_bytes", "quarantine.max_source_percent", "quarantine.min_free_bytes", "quarantine.retention", "quarantine.keep_released",
		"release.smtp", "release.clients", "release.valid", "release.helo",
	} {
		if k.changed(key) {
			k.warn(key, "has no effect on mail in the MTA's hold queue (actions.quarantine: hold)",
				"actions.quarantine: hold では、MTA の保留キューにあるメールに効果がありません")
		}
	}
}

// locked is about the memory of locked files, and about mail that waits for its password.
func (k *checker) locked() {
	l := k.Locked
	k.positive([]string{"locked.max_bytes", "locked.max_sender_percent"})
	if l.MaxSenderPercent > 100 {
		k.fail("locked.max_sender_percent", "more than the whole: 1 to 100", "1 から 100 の範囲にしてください")
	}
	if share := int64(l.MaxBytes) / 100 * int64(l.MaxSenderPercent); l.Keep > 0 && share < int64(k.Limits.MessageBytes) {
		k.warn("locked.max_sender_percent", "one sender's share is %[1]s: a locked file as large as limits.message_bytes allows is not remembered",
			"一つの送信者の割り当ては %[1]s です。limits.message_bytes に近い大きさの暗号化ファイルは覚えられません", Size(share))
	}
	const long = 7 * day // passwords that were said lie in clear in the state folder
	if l.Keep > long {
		k.warn("locked.keep", "passwords of mails lie in the state folder for %[1]s", "メールのパスワードが %[1]s の間、状態フォルダーに残ります", formatDuration(l.Keep))
	}
	if l.Hold > 0 {
		k.waiting()
	}
}

// ledger is about the memory of conversations.
func (k *checker) ledger() {
	l := k.Ledger
	k.positive([]string{"ledger.max_mails", "ledger.max_correspondents", "ledger.max_bytes", "ledger.timeout"})
	if l.Keep > 0 {
		k.atMost("ledger.keep", "ledger.keep_correspondents", "whom a conversation is with would be forgotten before it",
			"やり取りより先に、その相手が忘れられます")
	}
	const patience = 2 * time.Second // every mail waits so long where the disk does not answer
	if l.Timeout > patience {
		k.warn("ledger.timeout", "every mail waits up to %[1]s where the disk is slow", "ディスクが遅いとき、どのメールも最大 %[1]s 待たされます", formatDuration(l.Timeout))
	}
	if l.KeyFile != "" && !l.HashAddresses {
		k.warn("ledger.key_file", "has no effect without ledger.hash_addresses", "ledger.hash_addresses が無効のため、効果がありません")
	}
	if l.KeyFile != "" && !filepath.IsAbs(l.KeyFile) {
		k.fail("ledger.key_file", "%[1]q is no absolute path", "%[1]q は絶対パスではありません", l.KeyFile)
	}
}

// waiting is about locked.hold.
func (k *checker) waiting() {
	k.atMost("locked.hold", "locked.keep", "the file is forgotten while its mail still waits", "メールを待たせている間に、ファイルが忘れられます")
	const patience = time.Hour // a person asks where the mail is
	if k.Locked.Hold > patience {
		k.warn("locked.hold", "honest mail whose password comes by telephone is delivered %[1]s late",
			"パスワードを電話で知らせる正規のメールも、配送が %[1]s 遅れます", formatDuration(k.Locked.Hold))
	}
	if k.Actions.Quarantine == "hold" {
		k.fail("locked.hold", "needs our own store: only the MTA can let mail go that lies in its hold queue (actions.quarantine: hold)",
			"自前の隔離先が必要です。MTA の保留キューのメールは MTA でしか解放できません(actions.quarantine: hold)")
	}
	if k.Mode != "enforce" {
		k.warn("locked.hold", "has no effect: mode %[1]s holds no mail", "mode が %[1]s のため、効果がありません", k.Mode)
	}
}

func (k *checker) outbound() {
	o := k.Outbound
	k.positive([]string{"outbound.window", "outbound.keep"})
	if o.Mails < 2 {
		k.fail("outbound.mails", "one mail is no burst: 2 or more", "一通では大量送信と言えません。2 以上にしてください")
	}
	if o.Carriers < 2 {
		k.fail("outbound.carriers", "one file is nothing different: 2 or more", "一つでは比べられません。2 以上にしてください")
	}
	if o.Window > day {
		k.fail("outbound.window", "%[1]s: risky mails are remembered for a day", "%[1]s は長すぎます。危険なメールを覚えておくのは一日です", formatDuration(o.Window))
	}
	for _, p := range o.SharedClients {
		if p.Bits() == 0 {
			k.warn("outbound.shared_clients", "%[1]s: no machine is counted at all", "%[1]s では、端末がまったく数えられません", p)
		}
	}
	for _, p := range o.ExemptClients {
		if p.Bits() == 0 {
			k.warn("outbound.exempt_clients", "%[1]s: no machine is ever held", "%[1]s では、どの端末も止められません", p)
		}
	}
}

func (k *checker) quarantine() {
	q := k.Quarantine
	k.positive([]string{"quarantine.max_bytes", "quarantine.max_messages", "quarantine.max_source_percent", "quarantine.retention",
		"quarantine.keep_released", "quarantine.keep_records"})
	if q.MaxSourcePercent > 100 {
		k.fail("quarantine.max_source_percent", "more than the whole: 1 to 100", "1 から 100 の範囲にしてください")
	}
	if share := int64(q.MaxBytes) / 100 * int64(q.MaxSourcePercent); share < int64(k.Limits.MessageBytes) {
		k.warn("quarantine.max_source_percent", "one source's share is %[1]s, less than one message of limits.message_bytes",
			"一つの送信元の割り当て %[1]s は、limits.message_bytes のメール一通より小さくなっています", Size(share))
	}
	if q.Retention > 0 && q.Retention < k.Notices.Every {
		k.fail("quarantine.retention", "%[1]s is less than notices.every (%[2]s): mail would be gone before anybody hears of it",
			"%[1]s は notices.every(%[2]s)より短く、通知の前にメールが消えます", formatDuration(q.Retention), formatDuration(k.Notices.Every))
	} else if q.Retention > 0 && q.Retention < day {
		k.warn("quarantine.retention", "%[1]s: mail held on a Friday evening is gone on Monday", "%[1]s では、金曜の夜に隔離したメールが月曜には消えています",
			formatDuration(q.Retention))
	}
	k.disk()
}

func (k *checker) release() {
	r := k.Release
	k.positive([]string{"release.valid"})
	k.narrow("release.clients", r.Clients)
	if r.Helo != "" && !isDomain(r.Helo) {
		k.fail("release.helo", "%[1]q is no host name", "%[1]q はホスト名ではありません", r.Helo)
	}
	const long = 7 * day // a mark is used within seconds; a queue's backlog is hours
	if r.Valid > long {
		k.warn("release.valid", "a mark good for %[1]s can be stolen for as long", "%[1]s の間、印が盗用されるおそれがあります", formatDuration(r.Valid))
	}
	if !k.hostPort("release.smtp", r.SMTP) {
		return
	}
	if k.Listen.Network != "unix" && overlap(r.SMTP, k.Listen.Addr) {
		k.fail("release.smtp", "is the milter's own port (listen: %[1]s)", "milter 自身のポートです(listen: %[1]s)", k.Listen)
	}
	if isLoopback(r.SMTP) && !k.clientsHaveLoopback() {
		k.fail("release.clients", "lacks this machine, and release.smtp is on it (%[1]s): released mail would be held again",
			"この機械を含みませんが、release.smtp(%[1]s)はこの機械です。解放したメールがまた隔離されます", r.SMTP)
	}
}

func (k *checker) clientsHaveLoopback() bool {
	for _, p := range k.Release.Clients {
		if p.Addr().IsLoopback() {
			return true
		}
	}
	return false
}

func (k *checker) notices() {
	n := k.Notices
	k.positive([]string{"notices.every"})
	k.address("notices.postmaster", n.Postmaster)
	k.address("notices.from", n.From)
	if n.SMTP != "" {
		k.hostPort("notices.smtp", n.SMTP)
	}
	if n.Recipients && len(k.Site.LocalDomains) == 0 {
		k.fail("notices.recipients", "needs site.local_domains: who is ours would not be known, and strangers never get a notice",
			"site.local_domains が必要です。外部の人には通知しないため、自組織の受信者を見分けられません")
	}
	if n.Recipients && n.Postmaster == "" && n.From == "" {
		k.fail("notices.from", "notices to recipients need a From address (or notices.postmaster)",
			"受信者への通知には差出人アドレス(または notices.postmaster)が必要です")
	}
	if n.Every > 0 && n.Every < time.Minute {
		k.warn("notices.every", "%[1]s: an outbreak would send a flood of notices", "%[1]s では、大量感染時に通知があふれます", formatDuration(n.Every))
	}
	if k.Mode != "enforce" && n.Recipients {
		k.warn("notices.recipients", "has no effect: mode %[1]s holds no mail", "mode が %[1]s のため、効果がありません", k.Mode)
	}
	if k.Mode == "enforce" && n.Postmaster == "" {
		k.warn("notices.postmaster", "is empty: nobody hears of held mail", "空のため、隔離を誰にも知らせません")
	}
}

// address demands a bare address (RFC 5321 4.1.2, and RFC 6531 beyond ASCII).
func (k *checker) address(key, text string) {
	if text == "" {
		return
	}
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text {
		k.fail(key, "%[1]q is no mail address", "%[1]q はメールアドレスではありません", text)
	}
}
