// Package outbound counts what our own accounts and machines send, and tells when one of them has turned.
package outbound
