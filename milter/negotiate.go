package milter

import (
	"encoding/binary"

	gomilter "github.com/emersion/go-milter"
)

// versionMin and versionMax are the protocol versions we can speak. Version 2 is Sendmail 8.10's; 6 is 8.14's and Postfix's default.
const (
	versionMin = 2
	versionMax = 6
)

// wantActions is what dispose does to a message, and the choice of macros.
const wantActions = uint32(gomilter.OptAddHeader | gomilter.OptChangeHeader | gomilter.OptQuarantine | gomilter.OptRemoveRcpt |
	gomilter.OptSetSymList)

// noReplies are the steps that need no reply from us: nothing is decided before the end of the message.
const noReplies = gomilter.OptNoConnReply | gomilter.OptNoHeloReply | gomilter.OptNoMailReply | gomilter.OptNoRcptReply |
	gomilter.OptNoDataReply | gomilter.OptNoUnknownReply | gomilter.OptNoHeaderReply | gomilter.OptNoEOHReply | gomilter.OptNoBodyReply

// wantProtocol leaves out what we do not use, all replies but the last, and keeps header values as they were sent, so that a DKIM
// signature still verifies on the kept bytes. SMFIP_RCPT_REJ is not wanted: refused recipients are none of ours.
const wantProtocol = uint32(noReplies | gomilter.OptNoUnknown | gomilter.OptNoData | gomilter.OptHeaderLeadingSpace)

// noReplyBit is the SMFIP_NR_* bit of each command that has one.
var noReplyBit = map[byte]gomilter.OptProtocol{
	cmdConnect: gomilter.OptNoConnReply,
	cmdHelo:    gomilter.OptNoHeloReply,
	cmdMail:    gomilter.OptNoMailReply,
	cmdRcpt:    gomilter.OptNoRcptReply,
	cmdData:    gomilter.OptNoDataReply,
	cmdUnknown: gomilter.OptNoUnknownReply,
	cmdHeader:  gomilter.OptNoHeaderReply,
	cmdEOH:     gomilter.OptNoEOHReply,
	cmdBody:    gomilter.OptNoBodyReply,
}

// symbols are the macros wanted at each stage. Postfix's default list has no {client_addr}, which a unix socket's frame lacks too.
var symbols = [...]struct {
	stage gomilter.Stage
	names string
}{
	{gomilter.StageConnect, "j {daemon_name} {client_addr} {client_name}"},
	{gomilter.StageHelo, "{tls_version} {cipher} {cipher_bits}"},
	{gomilter.StageMailFrom, "i {auth_type} {auth_authen} {mail_addr} {tls_version} {daemon_name}"},
	{gomilter.StageRcptTo, "i {rcpt_addr} {rcpt_mailer}"},
	{gomilter.StageEOH, "i"},
	{gomilter.StageEOM, "i {auth_authen}"},
}

// terms are what both sides agreed on.
type terms struct {
	version, actions, protocol uint32
}

// negotiate takes the part of the MTA's offer that we want. ok is false for a version nobody speaks any more.
func negotiate(offer []byte) (t terms, ok bool) {
	t.version = min(binary.BigEndian.Uint32(offer), versionMax)
	t.actions = binary.BigEndian.Uint32(offer[4:]) & wantActions
	t.protocol = binary.BigEndian.Uint32(offer[8:]) & wantProtocol
	return t, t.version >= versionMin
}

// answer is the negotiation's reply frame.
func (t terms) answer() []byte {
	var b []byte
	for _, v := range []uint32{t.version, t.actions, t.protocol} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	if t.can(gomilter.OptSetSymList) {
		for _, s := range symbols {
			b = binary.BigEndian.AppendUint32(b, uint32(s.stage))
			b = append(append(b, s.names...), 0)
		}
	}
	return frame(cmdOptNeg, b...)
}

// can reports whether the MTA lets us do that.
func (t terms) can(a gomilter.OptAction) bool { return t.actions&uint32(a) != 0 }

// leadingSpace reports whether header values carry the space after their colon, in both directions.
func (t terms) leadingSpace() bool { return t.protocol&uint32(gomilter.OptHeaderLeadingSpace) != 0 }

// wantsReply reports whether the MTA waits for a reply to a command.
func (t terms) wantsReply(cmd byte) bool {
	switch cmd {
	case cmdMacro, cmdAbort, cmdQuit, cmdQuitNC:
		return false // these never have one
	}
	return t.protocol&uint32(noReplyBit[cmd]) == 0
}
