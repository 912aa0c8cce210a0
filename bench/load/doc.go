// Package load makes the load of the comparison with other filters: mails from a corpus of files, and a driver that sends them through a
// milter as Postfix 3.7 does: connections kept for many messages, nothing waited for that the filter need not answer, and the socket written in
// pieces of 4,096 bytes (its VSTREAM_BUFSIZE; internal/miltertest). Every message is sent under a Message-ID of its own.
//
// # Limits
//
// Mails of a workload stay in memory, some 300 MB. A run ends by time; the message in work is finished. The driver needs processor
// time itself, which a filter on the same machine lacks: figures are comparable within one run only.
package load
