package maillog

import (
	"net/netip"
	"strconv"
	"strings"
)

// postfix takes a line of one of Postfix's daemons: smtpd or pickup says who gave the mail, cleanup its Message-ID, qmgr its sender, the rest where it went.
func (r *Reader) postfix(daemon string, l entryLine) error {
	switch daemon {
	case "smtpd", "pickup", "cleanup", "smtp", "lmtp", "local", "virtual", "pipe", "relay":
	case "qmgr":
		if l.text == "removed" {
			return r.emit(l.key)
		}
	default:
		return nil
	}
	if !r.wants(daemon, l) {
		return nil
	}
	e, err := r.entry(l)
	if err != nil {
		return err
	}
	switch daemon {
	case "smtpd":
		e.client(l.text)
	case "pickup": // the mail drop of sendmail(1)
		e.mail.Local = true
	case "cleanup":
		if id := cutLong(strings.TrimPrefix(l.text, "message-id=")); e.mail.MessageID == "" {
			e.mail.MessageID = strings.Clone(id)
		}
	case "qmgr":
		from, _, _ := strings.Cut(strings.TrimPrefix(l.text, "from=<"), ">, size=")
		e.mail.From, e.loose = strings.Clone(cutLong(from)), false
	default:
		to, rest, _ := strings.Cut(strings.TrimPrefix(l.text, "to=<"), ">, ")
		if status := after(rest, "status="); strings.HasPrefix(status, "sent ") || status == "sent" {
			e.sentTo(to)
		}
	}
	return nil
}

// wants reports whether a daemon's line is one of those that are read.
func (r *Reader) wants(daemon string, l entryLine) bool {
	prefix := "to=<"
	switch daemon {
	case "smtpd":
		prefix = "client="
	case "pickup":
		prefix = "uid="
	case "cleanup":
		prefix = "message-id="
	case "qmgr":
		prefix = "from=<"
	}
	return strings.HasPrefix(l.text, prefix)
}

// client reads "client=NAME[ADDRESS], sasl_method=M, sasl_username=U", in this order and nowhere else: what follows as sasl_sender is AUTH= of MAIL FROM
// (RFC 4954 5), which a client that is not authenticated may write, too, with commas and blanks between quotation marks.
func (e *entry) client(text string) {
	client, rest, _ := strings.Cut(text, ", ")
	if open := strings.LastIndexByte(client, '['); open >= 0 {
		e.mail.Client = clientAddr(strings.TrimSuffix(client[open+1:], "]"))
	}
	method, rest, _ := strings.Cut(rest, ", ")
	if user, ok := strings.CutPrefix(upTo(rest, ", "), "sasl_username="); ok && strings.HasPrefix(method, "sasl_method=") {
		e.mail.User = strings.Clone(cutLong(user))
	}
}

func clientAddr(s string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimPrefix(s, "IPv6:"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// sendmail takes a line of Sendmail: "from=…, nrcpts=2, msgid=…, relay=NAME [ADDRESS]", then "to=…, stat=Sent" for each delivery.
func (r *Reader) sendmail(l entryLine) error {
	from, isFrom := strings.CutPrefix(l.text, "from=")
	to, isTo := strings.CutPrefix(l.text, "to=")
	if !isFrom && !isTo {
		return nil
	}
	e, err := r.entry(l)
	if err != nil {
		return err
	}
	if isFrom {
		sender, rest, _ := strings.Cut(from, ", size=")
		e.mail.From, e.loose = strings.Clone(cutLong(strings.Trim(sender, "<>"))), false
		e.mail.MessageID = strings.Clone(cutLong(upTo(after(rest, "msgid="), ", ")))
		relay := rest[len(rest):]
		if i := strings.LastIndex(rest, ", relay="); i >= 0 { // the last: a Message-ID before it may hold the word, too
			relay = rest[i:]
		}
		if open, end := strings.LastIndexByte(relay, '['), strings.LastIndexByte(relay, ']'); end > open {
			e.mail.Client = clientAddr(relay[open+1 : end])
		} else {
			e.mail.Local = true // relay=root@localhost
		}
		e.want, _ = strconv.Atoi(upTo(after(rest, "nrcpts="), ","))
		return nil
	}
	return r.delivered(l.key, e, to)
}

func (r *Reader) delivered(key string, e *entry, to string) error {
	list, rest, _ := strings.Cut(to, ", ")
	stat := after(rest, "stat=")
	if strings.HasPrefix(stat, "Deferred") { // it is tried again: that recipient is not done
		return nil
	}
	sent := strings.HasPrefix(stat, "Sent")
	for addr := range strings.SplitSeq(list, ",") {
		e.done++
		if sent {
			e.sentTo(strings.Trim(addr, "<> "))
		}
	}
	if e.want > 0 && e.done >= e.want {
		return r.emit(key)
	}
	return nil
}

// after is what follows a word at the beginning of a field.
func after(s, word string) string {
	if rest, ok := strings.CutPrefix(s, word); ok {
		return rest
	}
	_, rest, _ := strings.Cut(s, ", "+word)
	return rest
}

func upTo(s, end string) string {
	s, _, _ = strings.Cut(s, end)
	return s
}

// cutLong drops what is too long to be one.
func cutLong(s string) string {
	if len(s) > maxText {
		return ""
	}
	return s
}
