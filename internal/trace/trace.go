// Package trace keeps a record of every message and finds it again by sender, recipient, Message-ID, subject, file or macro.
package trace
