// Package milter speaks the milter protocol with Postfix and Sendmail and carries out verdicts.
//
// The protocol is the one libmilter 8.14 and later speak: version 6, down to version 2. The session loop is
// github.com/emersion/go-milter; this package stands on both sides of it. In front, conn checks every frame before the library
// sees it, answers the option negotiation with what the MTA offered, and lets exactly the replies out that the MTA waits for.
// Behind, session turns callbacks into an envelope and raw message bytes for a Run, and dispose carries out what was decided.
// What a message is made of (MAIL, RCPT, header, body) goes from the connection's buffer to the session as it comes; the library sees the dialogue around it.
// Every connection has a library server of its own, so that a connection and its callbacks belong together whatever the
// library does.
//
// A message is decided at its end and nowhere else: no command before it is ever refused by us, so that no recipient is lost and
// no connection state with it. dispose is the only place with outside effects, in a fixed order: stored, remembered, modified, audited,
// counted, answered. Killed in between, the MTA still has the mail, the quarantine has it, or both do.
//
// Where recipients of one message differ, it is held for some, whom the MTA is told to forget (SMFIR_DELRCPT), and delivered to the others: see split.go.
//
// Mail from outside with a locked file may wait in our store until its password comes in another mail (Policy.Wait); what a password brings
// to light about an earlier mail ends that mail's waiting, and is an alert if it is hostile.
//
// # Modes
//
// In mode enforce a verdict is carried out; in mode tag whatever is harder than tag becomes tag; in mode monitor the mail passes.
// Incoming X-Sekisho-* fields are removed in every mode, monitor included: they are ours, and one that a stranger wrote could
// steer a mail past the recipient's own filters. Apart from that, mode monitor changes nothing, and no failure of ours answers
// anything but accept there.
//
// A verdict of disarm is carried out as quarantine: this package cannot rewrite a message, and the milder action would deliver it.
//
// # Limits
//
// A connection holds idleBuffer bytes, one that receives a message frameStep more, or what a longer field of its header needs; no memory grows with
// the body. A frame holds at most frameMax bytes, a macro packet macrosMax macros, a message rcptsMax recipients and ownMax fields named
// X-Sekisho-*; a message beyond the last two is answered as a failure of ours. Sessions are limited by Options.Sessions; beyond them
// Options.Refusals connections are told to try again later and any further one is closed. Deadlines are in Options, each with
// its reason. A recipient that another milter or a later restriction refuses after we saw it stays in our envelope: the protocol
// does not tell.
//
// Field values lose what the protocol cannot carry: an MTA without SMFIP_HDR_LEADSPC has eaten one space after each colon, and
// one is put back where the value does not begin with white space.
package milter
